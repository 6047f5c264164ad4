"""`synth`: training rows from passages; settings as in docs/synthesis.md."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from embedrank.recipe.kinds.files import write_settings
from embedrank.recipe.kinds.kind import Job, StepKind


def _check(settings: Mapping[str, Any], folder: Path) -> None:
    from embedrank.synthesis.config import SynthesisConfig

    SynthesisConfig.of(settings)


def _words(job: Job) -> list[str]:
    file = write_settings(job.folder / "synthesis.yaml", {"seed": job.seed, **job.settings})
    return ["-m", "embedrank", "synth", str(file), "--to", str(job.folder / "rows"), "--json"]


SYNTH = StepKind(
    name="synth",
    keys=None,
    models=("encoder",),
    files=("passages.corpus.*", "filters.decontaminate.folders.*", "passages.corpus"),
    outputs={"rows": "rows/rows.jsonl", "report": "rows/report.json"},
    check=_check,
    words=_words,
)
