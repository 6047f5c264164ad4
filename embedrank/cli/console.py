"""What goes where: results to stdout, progress, notes and errors to stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

_WIDEST: Final = 1000


def out() -> Console:
    """Console of the results."""
    return Console(highlight=False)


def width_of(table: Table, console: Console) -> int:
    """Characters that a table takes when nothing of it is squeezed."""
    return int(table.__rich_measure__(console, console.options.update(max_width=_WIDEST)).maximum)


def print_whole(table: Table, console: Console) -> None:
    """Print a table as wide as the terminal allows; in a file or pipe, which has no width, as wide as it is."""
    if not console.is_terminal:
        console.width = max(width_of(table, console), console.width)
    console.print(table)


def err() -> Console:
    """Console of everything that is not a result."""
    return Console(stderr=True, highlight=False)


def print_error(message: str) -> None:
    """One line on stderr that says what was wrong.

    Args:
        message: May hold any characters; line breaks become blanks.
    """
    line = Text.assemble(("error: ", "bold red"), " ".join(message.split()))
    err().print(line, soft_wrap=True)


def note(message: str) -> None:
    """A dim line on stderr that a reader may want to know.

    Args:
        message: Plain text.
    """
    err().print(Text(message, style="dim"), soft_wrap=True)


def print_json(value: object) -> None:
    """One JSON value on one line of stdout, nothing else.

    Args:
        value: What `json.dumps` takes.
    """
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")


def print_json_lines(rows: Iterable[object]) -> None:
    """One JSON value a line on stdout.

    Args:
        rows: What `json.dumps` takes.
    """
    for row in rows:
        print_json(row)


@contextmanager
def progress(description: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
    """A bar on stderr for the time of a block; nothing where stderr is no terminal.

    Args:
        description: What is being done.
        total: Number of steps, if known.

    Yields:
        A function to call with the number of steps done since the last call.
    """
    with _bar() as bar:
        task = bar.add_task(description, total=total)
        yield lambda steps: bar.advance(task, steps)


@contextmanager
def counter(description: str) -> Iterator[Callable[[int, int | None], None]]:
    """As `progress`, for work that tells how much is done and of how much.

    Args:
        description: What is being done.

    Yields:
        A function to call with what is done and the whole, None where that is not known.
    """
    with _bar() as bar:
        task = bar.add_task(description, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


@contextmanager
def stages() -> Iterator[Callable[[str, int, int | None], None]]:
    """As `counter`, for work that has several parts and tells which one it is at.

    Yields:
        A function to call with the part, what is done of it, and the whole, None where that is not known.
    """
    with _bar() as bar:
        task = bar.add_task("", total=None)
        yield lambda part, done, total: bar.update(task, description=part, completed=done, total=total)


@contextmanager
def spinner() -> Iterator[Callable[[str], None]]:
    """Words on stderr for what is being done, for work whose steps are few and long; nothing where it is no terminal.

    Yields:
        A function to call with the name of the next step.
    """
    console = err()
    if not console.is_terminal:
        yield lambda step: None
        return
    with console.status("") as status:
        yield status.update


def _bar() -> Progress:
    console = err()
    columns = (TextColumn("{task.description}"), BarColumn(bar_width=None), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
