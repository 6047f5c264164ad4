"""`merge`: several checkpoints become one; settings as in docs/merging.md."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from embedrank.core.errors import ConfigError
from embedrank.recipe.kinds.files import without, write_settings
from embedrank.recipe.kinds.kind import Job, StepKind

_SEARCH = {"data": "--search", "split": "--split", "places": "--places", "max_queries": "--max-queries"}


def _check(settings: Mapping[str, Any], folder: Path) -> None:
    from embedrank.core.settings import build
    from embedrank.training.merge.config import MergeConfig

    if not isinstance(settings.get("models"), list):
        raise ConfigError("merge", "models", settings.get("models"), "must be a list of models")
    build(MergeConfig, without(settings, "models", "search"))
    search = settings.get("search", {})
    if not isinstance(search, Mapping) or set(search) - set(_SEARCH) or (search and "data" not in search):
        raise ConfigError("merge", "search", search, f"must hold data, and may hold {', '.join(list(_SEARCH)[1:])}")


def _words(job: Job) -> list[str]:
    target = job.folder / "model"
    shutil.rmtree(target, ignore_errors=True)  # whole, of a run that was killed before it said so; a merge wants it new
    models = [str(each) for each in job.settings["models"]]
    file = write_settings(job.folder / "merge.yaml", without(job.settings, "models", "search"))
    search = [word for key, value in job.settings.get("search", {}).items() for word in (_SEARCH[key], str(value))]
    return ["-m", "embedrank", "merge", *models, "--to", str(target), "--config", str(file), *search, "--json"]


MERGE = StepKind(
    name="merge",
    keys=frozenset({"models", "search", "method", "t", "weights", "base", "scale", "density"}),
    models=("models.*", "base"),
    files=("search.data",),
    outputs={"model": "model"},
    takes_place="models",
    check=_check,
    words=_words,
)
