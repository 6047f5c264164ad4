"""What is seen of a training run: rows as they are read, then steps with loss, tokens a second and the time left."""

from __future__ import annotations

from collections import deque
from types import TracebackType
from typing import TYPE_CHECKING

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from embedrank.cli.console import err

if TYPE_CHECKING:
    from embedrank.training.loop_config import StepReport

_LATEST = 20  # steps that loss and rate are averaged over


class TrainBar:
    """A bar on stderr; nothing where stderr is no terminal."""

    def __init__(self, num_steps: int) -> None:
        """Set it up.

        Args:
            num_steps: Steps of the whole run.
        """
        console = err()
        columns = (
            TextColumn("{task.description}"),
            BarColumn(bar_width=None),
            MofNCompleteColumn(),
            TextColumn("{task.fields[told]}"),
            TimeRemainingColumn(),
        )
        self._bar = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
        self._task = self._bar.add_task("reading rows", total=None, told="")
        self._num_steps = num_steps
        self._latest: deque[StepReport] = deque(maxlen=_LATEST)

    def __enter__(self) -> TrainBar:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def reading(self, source: str, num_rows: int) -> None:
        """Show how many rows of a source are read."""
        self._bar.update(self._task, description=f"reading {source}", completed=num_rows)

    def begin(self, steps_done: int) -> None:
        """Show steps from here on."""
        self._bar.remove_task(self._task)
        self._task = self._bar.add_task("training", total=self._num_steps, completed=steps_done, told="")

    def step(self, report: StepReport) -> None:
        """Show a step."""
        self._latest.append(report)
        self._bar.update(self._task, completed=report.step + 1, told=told(list(self._latest)))


def told(reports: list[StepReport]) -> str:
    """Loss and rate of some steps in words.

    Args:
        reports: At least one.

    Returns:
        Such as `loss 1.234, 5,678 tokens/s`.
    """
    loss = sum(report.loss for report in reports) / len(reports)
    seconds = sum(report.seconds for report in reports)
    tokens = sum(report.num_tokens for report in reports)
    return f"loss {loss:.3f}, {tokens / max(seconds, 1e-9):,.0f} tokens/s"
