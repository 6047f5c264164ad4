"""What is seen of a synthesis: passages done, rows, rate, spend, time left."""

from __future__ import annotations

import time
from datetime import timedelta
from types import TracebackType
from typing import TYPE_CHECKING

from rich.progress import BarColumn, Progress, TextColumn

from embedrank.cli.console import err

if TYPE_CHECKING:
    from embedrank.synthesis.generators.usage import Usage
    from embedrank.synthesis.ledger import Totals


class SynthBar:
    """A bar on stderr; nothing where stderr is no terminal."""

    def __init__(self) -> None:
        """Set it up."""
        console = err()
        columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[words]}"))
        self._bar = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
        self._task = self._bar.add_task("", total=None, words="")
        self._first: tuple[float, int] | None = None

    def __enter__(self) -> SynthBar:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def doing(self, what: str, done: int) -> None:
        """Show something that is done before rows are written."""
        self._bar.update(self._task, description=what, completed=done, total=None, words=f"{done:,}" if done else "")

    def show(self, totals: Totals, usage: Usage, total: int) -> None:
        """Show how far the run is.

        Args:
            totals: Of all blocks written.
            usage: Of the run; zeros where no model is asked.
            total: Passages of the run.
        """
        now = time.monotonic()
        if self._first is None:
            self._first = (now, totals.passages)
        start, before = self._first
        words = told(totals, usage, total, seconds=now - start, done=totals.passages - before)
        self._bar.update(self._task, description="writing rows", completed=totals.passages, total=total, words=words)


def told(totals: Totals, usage: Usage, total: int, *, seconds: float, done: int) -> str:
    """How far a run is, in words.

    Args:
        totals: Of all blocks written.
        usage: Of the run.
        total: Passages of the run.
        seconds: Since this beginning of it.
        done: Passages done since then.

    Returns:
        Such as `640 of 5,000 passages, 590 rows, 12.5 passages/s, 1,400 requests, 0.42 spent, 0:05:48 left`.
    """
    parts = [f"{totals.passages:,} of {total:,} passages", f"{totals.kept:,} rows"]
    if done and seconds > 0:
        parts.append(f"{done / seconds:,.3g} passages/s")
    if usage.requests or usage.cached:
        parts.append(f"{usage.requests:,} requests, {usage.tokens:,} tokens")
    if usage.cost:
        parts.append(f"{usage.cost:,.4g} spent")
    if done and seconds > 0:
        parts.append(f"{timedelta(seconds=round(max(total - totals.passages, 0) * seconds / done))} left")
    return ", ".join(parts)
