"""The gate: a model that is worse than the one it was made from, on any set it must not lose on, is not handed out.

Further training on new rows makes a model better at these and often worse at what it knew (catastrophic forgetting).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from embedrank.core.durable import replace_durably
from embedrank.core.errors import ConfigError, StorageError, WorseModelError
from embedrank.training.stages.judged import JudgedSet, Measure

REFUSED: Final = "refused"
_RECORD: Final = "gate.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class GateSet(JudgedSet):
    """A set that the new model must not lose on.

    Attributes:
        tolerance: Loss of the metric that is still let through; below 0 it is a gain that is asked for.
    """

    tolerance: float = 0.0

    def __post_init__(self) -> None:
        JudgedSet.__post_init__(self)
        if not -1 <= self.tolerance <= 1:
            raise ConfigError("GateSet", "tolerance", self.tolerance, "must be within -1..1")


@dataclass(frozen=True, slots=True, kw_only=True)
class GateConfig:
    """What the finished model has to pass.

    Attributes:
        sets: Sets by name: of what it shall learn, and of what it must not forget.
        metric: The figure compared; larger is better.
    """

    sets: Mapping[str, GateSet]
    metric: str = "ndcg_at_10"

    def __post_init__(self) -> None:
        if not self.sets:
            raise ConfigError("GateConfig", "sets", {}, "must name a set")


@dataclass(frozen=True, slots=True, kw_only=True)
class GateFigure:
    """One set's figures.

    Attributes:
        before: Of the model that training started from.
        after: Of the finished model.
        tolerance: As the set says it.
    """

    before: float
    after: float
    tolerance: float

    @property
    def is_passed(self) -> bool:
        """Whether no more was lost than is let through."""
        return self.before - self.after <= self.tolerance


def pass_gate(config: GateConfig, base: str, model: Path, measure: Measure) -> dict[str, GateFigure]:
    """Measure a finished model beside the one it was made from; a worse one is put away as `refused`.

    What was measured is kept in `gate.json`, so that a run begun again does not measure again.

    Args:
        config: The sets.
        base: The model that training started from: preset, folder or hub id.
        model: Folder of the finished model.
        measure: Gives figures of models.

    Returns:
        Set to figures.

    Raises:
        WorseModelError: If it is worse on any set; it lies beside `model` then, and nothing lies at `model`.
        StorageError: If the record cannot be written.
    """
    settings, refused, record = asdict(config), model.with_name(REFUSED), model.with_name(_RECORD)
    candidate = model if model.is_dir() else refused
    figures = _recorded(record, settings)
    if figures is None:
        figures = {name: _measured(each, config.metric, base, candidate, measure) for name, each in config.sets.items()}
        shown = {name: asdict(each) for name, each in figures.items()}
        _write(record, {"settings": settings, "figures": shown})
    lost = {name: (each.before, each.after) for name, each in figures.items() if not each.is_passed}
    _put(candidate, refused if lost else model)
    if lost:
        raise WorseModelError(refused, metric=config.metric, base=base, lost=lost)
    return figures


def _measured(judged: GateSet, metric: str, base: str, model: Path, measure: Measure) -> GateFigure:
    before, after = measure(base, judged), measure(str(model), judged)
    if metric not in after:
        raise ConfigError("GateConfig", "metric", metric, f"known are {', '.join(after)}")
    return GateFigure(before=before[metric], after=after[metric], tolerance=judged.tolerance)


def _recorded(record: Path, settings: Mapping[str, Any]) -> dict[str, GateFigure] | None:
    """What an earlier look found with the same settings."""
    try:
        held = json.loads(record.read_text(encoding="utf-8"))
        return None if held["settings"] != settings else {n: GateFigure(**f) for n, f in held["figures"].items()}
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _write(record: Path, content: Mapping[str, Any]) -> None:
    try:
        replace_durably(record, json.dumps(content, indent=1))
    except OSError as error:
        raise StorageError(record, f"cannot be written: {error}") from error


def _put(folder: Path, target: Path) -> None:
    if folder == target:
        return
    try:
        folder.rename(target)
    except OSError as error:
        raise StorageError(folder, f"cannot be moved to {target}: {error}") from error
