"""`eval`: a model on judged sets, with the figure of every query."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from embedrank.recipe.kinds.files import write_settings
from embedrank.recipe.kinds.kind import Job, StepKind
from embedrank.recipe.measuring import MeasureConfig


def _check(settings: Mapping[str, Any], folder: Path) -> None:
    MeasureConfig.of(settings)


def _words(job: Job) -> list[str]:
    file = write_settings(job.folder / "measure.yaml", job.settings)
    return ["-m", "embedrank", "recipe", "measure", str(file), "--to", str(job.folder / "figures"), "--json"]


EVAL = StepKind(
    name="eval",
    keys=None,
    models=("embedder", "reranker"),
    files=("sets.*.data",),
    outputs={"figures": "figures/figures.json"},
    check=_check,
    words=_words,
)
