"""Models that a run leaves: the best ones by the development figure, and the one it ends with."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from embedrank.training.stages.config import DevConfig
from embedrank.training.stages.early_stop import Look, best_looks, should_stop
from embedrank.training.stages.history import Record

BEST, FINAL = "best", "model"


class Keeper:
    """Measures models as they come, and keeps the best."""

    def __init__(
        self,
        folder: Path,
        config: DevConfig,
        measure: Callable[[Path], Mapping[str, float]],
        looks: Sequence[Record],
    ) -> None:
        """Begin, or go on.

        Args:
            folder: Folder of the run.
            config: What decides.
            measure: From a model folder to its figures on the development set.
            looks: Records of the looks so far.
        """
        self._folder, self._config, self._measure = folder, config, measure
        self.looks = [Look(step=int(str(each["step"])), value=float(str(each[config.metric]))) for each in looks]

    def look(self, step: int, save: Callable[[Path], None]) -> Mapping[str, float]:
        """Save the model, measure it, and keep it if it is among the best.

        Args:
            step: Steps done.
            save: Writes the model into a folder.

        Returns:
            Its figures.
        """
        place = self._place(step)
        place.parent.mkdir(parents=True, exist_ok=True)
        save(place)
        figures = self._measure(place)
        self.looks.append(Look(step=step, value=figures[self._config.metric]))
        kept = {self._place(look.step).name for look in best_looks(self.looks, self._config.keep_best)}
        for other in place.parent.iterdir():
            if other.name not in kept:
                shutil.rmtree(other, ignore_errors=True)
        return figures

    @property
    def is_over(self) -> bool:
        """Whether training has stopped to help."""
        return should_stop(self.looks, patience=self._config.patience, min_gain=self._config.min_gain)

    @property
    def best(self) -> Look:
        """The best look so far; there has to be one."""
        return best_looks(self.looks, 1)[0]

    @property
    def best_folder(self) -> Path:
        """Where the best model is."""
        return self._place(self.best.step)

    def _place(self, step: int) -> Path:
        return self._folder / BEST / f"step-{step:07d}"
