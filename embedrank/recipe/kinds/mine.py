"""`mine`: hard negatives for rows; settings as in docs/mining.md."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from embedrank.core.errors import ConfigError
from embedrank.recipe.kinds.files import joined_rows, without, write_settings
from embedrank.recipe.kinds.kind import Job, StepKind


def _check(settings: Mapping[str, Any], folder: Path) -> None:
    from embedrank.core.settings import build
    from embedrank.training.negatives.config import MiningConfig

    if not settings.get("rows"):
        raise ConfigError("mine", "rows", settings.get("rows"), "must name rows")
    inner = settings.get("negatives", {})
    if not isinstance(inner, Mapping):
        raise ConfigError("mine", "negatives", inner, "must be a mapping of settings")
    build(MiningConfig, inner)


def _words(job: Job) -> list[str]:
    settings = job.settings
    named = settings["rows"] if isinstance(settings["rows"], list) else [settings["rows"]]
    rows = joined_rows([Path(each) for each in named], job.folder / "rows.jsonl")
    mining = {**without(settings, "rows"), "negatives": {"seed": job.seed, **settings.get("negatives", {})}}
    if isinstance(mining.get("model"), str):
        mining["model"] = [mining["model"]]
    file = write_settings(job.folder / "mine.yaml", mining)
    target = job.folder / "mined.jsonl"
    return ["-m", "embedrank", "mine", str(rows), "--to", str(target), "--config", str(file), "--json"]


MINE = StepKind(
    name="mine",
    keys=frozenset({"rows", "model", "reranker", "corpus", "negatives"}),
    models=("model", "model.*", "reranker"),
    files=("rows", "rows.*", "corpus"),
    outputs={"rows": "mined.jsonl", "report": "mined.jsonl.report.json"},
    takes_place="rows",
    check=_check,
    words=_words,
)
