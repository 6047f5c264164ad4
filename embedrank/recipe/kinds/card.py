"""`card`: a finished model with a card that tells its data, licences and figures."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from embedrank.recipe.carding import CardConfig
from embedrank.recipe.kinds.files import write_settings
from embedrank.recipe.kinds.kind import Job, StepKind


def _check(settings: Mapping[str, Any], folder: Path) -> None:
    CardConfig.of(settings)


def _words(job: Job) -> list[str]:
    file = write_settings(job.folder / "card.yaml", job.settings)
    return ["-m", "embedrank", "recipe", "card", str(file), "--to", str(job.folder / "model"), "--json"]


CARD = StepKind(
    name="card",
    keys=None,
    models=("model",),
    files=("figures", "rows", "rows.*"),
    outputs={"model": "model"},
    check=_check,
    words=_words,
)
