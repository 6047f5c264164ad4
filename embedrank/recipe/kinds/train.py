"""`train`: a stage as in docs/stages.md; its `kind` is called `learner` here."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from embedrank.recipe.kinds.files import without, write_settings
from embedrank.recipe.kinds.kind import Job, StepKind


def _stage(settings: Mapping[str, Any], seed: int) -> dict[str, Any]:
    """The stage as `embedrank train` reads it; the step's seed is that of mixture and loop where they say none."""
    stage = {"kind": settings.get("learner", "embedder"), **without(settings, "learner")}
    for part in ("mixture", "loop"):
        if isinstance(stage.get(part), Mapping):
            stage[part] = {"seed": seed, **stage[part]}
    return stage


def _check(settings: Mapping[str, Any], folder: Path) -> None:
    from embedrank.training.stages.config import StageConfig

    StageConfig.from_mapping(_stage(settings, 0))


def _words(job: Job) -> list[str]:
    file = write_settings(job.folder / "stage.yaml", _stage(job.settings, job.seed))
    return ["-m", "embedrank", "train", str(file), "--to", str(job.folder / "run"), "--json"]


TRAIN = StepKind(
    name="train",
    keys=None,
    models=("model", "teacher.model"),
    files=(
        "sources.*",
        "sources.*.*",
        "sources.*.files",
        "sources.*.files.*",
        "dev.data",
        "gate.sets.*.data",
        "replay.runs.*",
        "replay.sources.*",
        "replay.sources.*.*",
    ),
    outputs={"model": "run/model", "best": "run/best", "run": "run"},
    takes_place="model",
    check=_check,
    words=_words,
)
