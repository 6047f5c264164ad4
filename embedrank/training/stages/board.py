"""Figures of a run for TensorBoard, where it is installed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from embedrank.core.packages import is_installed
from embedrank.training.stages.history import Record, numbers_of


class Board:
    """Writes event files; does nothing where TensorBoard is not installed."""

    def __init__(self, folder: Path, *, steps_done: int) -> None:
        """Open it.

        Args:
            folder: Folder of the event files.
            steps_done: Steps that the run goes on from; what an earlier process wrote after them is hidden.
        """
        self._writer: Any = None
        if is_installed("tensorboard"):
            from torch.utils.tensorboard import SummaryWriter

            self._writer = SummaryWriter(str(folder), purge_step=steps_done + 1 if steps_done else None)

    def add(self, group: str, record: Record) -> None:
        """Write the numbers of a record.

        Args:
            group: Such as `train`.
            record: With `step`: steps done.
        """
        if self._writer is None:
            return
        for name, value in numbers_of(record).items():
            self._writer.add_scalar(f"{group}/{name}", value, global_step=record["step"])

    def close(self) -> None:
        """Write out what waits."""
        if self._writer is not None:
            self._writer.close()
