"""The bar of a bulk run: rows done, rows and tokens a second, time left."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from rich.progress import BarColumn, Progress, TextColumn

from embedrank.cli.console import err

if TYPE_CHECKING:
    from embedrank.engine.bulk.run import Tell, Told

_WINDOW: Final = 20  # reports that rates are taken over


class Rates:
    """Rates over the latest reports of a run, in words."""

    def __init__(self) -> None:
        self._latest: deque[tuple[float, Told]] = deque(maxlen=_WINDOW)

    def words(self, told: Told, now: float) -> str:
        """What is shown beside the bar.

        Args:
            told: The newest report.
            now: When it came, in seconds of any clock.

        Returns:
            Such as `2,048 of 10,000 texts, 510 texts/s, 9,800 tokens/s, 0:00:15 left`.
        """
        if self._latest and self._latest[-1][1].is_writing != told.is_writing:
            self._latest.clear()
        self._latest.append((now, told))
        of = "" if told.total is None else f" of {'' if told.is_exact else 'about '}{told.total:,}"
        parts = [f"{told.num_rows:,}{of} texts"]
        start, first = self._latest[0]
        seconds, rows = now - start, told.num_rows - first.num_rows
        if seconds > 0 and rows > 0:
            parts.append(f"{rows / seconds:,.0f} texts/s")
            if not told.is_writing:
                parts.append(f"{(told.num_tokens - first.num_tokens) / seconds:,.0f} tokens/s")
            if told.total is not None:
                left = max(told.total - told.num_rows, 0) * seconds / rows
                parts.append(f"{timedelta(seconds=round(left))} left")
        return ", ".join(parts)


@contextmanager
def bulk_bar() -> Iterator[Tell]:
    """A bar on stderr for the time of a block; nothing where stderr is no terminal.

    Yields:
        A function to call with what the run tells.
    """
    console, rates = err(), Rates()
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[words]}"))
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("loading", total=None, words="")

        def tell(told: Told) -> None:
            words = rates.words(told, time.monotonic())
            name = "writing" if told.is_writing else "embedding"
            bar.update(task, description=name, completed=told.num_rows, total=told.total, words=words)

        yield tell
