"""`filter`: rows that a chain of synthesis filters keeps, such as the paper's cosine of query and positive."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from embedrank.core.errors import ConfigError
from embedrank.recipe.kinds.files import write_settings
from embedrank.recipe.kinds.kind import Job, StepKind


def _check(settings: Mapping[str, Any], folder: Path) -> None:
    from embedrank.synthesis.filters import filter_configs

    if not settings.get("rows"):
        raise ConfigError("filter", "rows", settings.get("rows"), "must name rows")
    if not isinstance(settings.get("filters"), Mapping):
        raise ConfigError("filter", "filters", settings.get("filters"), "must be a mapping of filters")
    filter_configs(settings["filters"])


def _words(job: Job) -> list[str]:
    file = write_settings(job.folder / "filter.yaml", job.settings)
    return ["-m", "embedrank", "recipe", "filter", str(file), "--to", str(job.folder / "rows.jsonl"), "--json"]


FILTER = StepKind(
    name="filter",
    keys=frozenset({"rows", "encoder", "filters"}),
    models=("encoder",),
    files=("rows", "rows.*", "filters.decontaminate.folders.*"),
    outputs={"rows": "rows.jsonl"},
    takes_place="rows",
    check=_check,
    words=_words,
)
