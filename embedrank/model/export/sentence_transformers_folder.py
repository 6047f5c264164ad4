"""Embedders as sentence-transformers, transformers, vLLM and TEI load them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from embedrank.core.types import FloatArray
from embedrank.model.checkpoint import embedder_files
from embedrank.model.embedder import Embedder
from embedrank.model.export.folder import write_folder
from embedrank.model.export.format import Readings
from embedrank.model.export.padding import SIDES
from embedrank.model.export.probe import Probe
from embedrank.model.export.quiet import quiet
from embedrank.model.export.source import DTYPES, Source
from embedrank.model.provenance import EMBEDDER


class SentenceTransformersFolder:
    """A folder in the layout of the official embedders."""

    name = "sentence-transformers"
    kinds: tuple[str, ...] = (EMBEDDER,)
    dtypes: tuple[str, ...] = ("bf16", "fp32", "fp16")
    suffix = ""

    def require(self, dtype: str | None) -> None:
        """Writing needs nothing more; the check takes what is there."""

    def write(self, source: Source, target: Path, dtype: str) -> Mapping[str, Any]:
        """Write the folder, one tensor in memory at a time."""
        files = embedder_files(
            source.config,
            source.tokenizer,
            prompts=source.prompts,
            pooling=source.pooling,
            max_length=source.max_length,
            dtype=DTYPES[dtype],
        )
        del files["embedrank.json"]  # written with the outcome of the check
        write_folder(target, source, files, dtype=dtype, post_processor=True)
        return {}

    def read_back(self, target: Path, kind: str, probe: Probe, *, dtype: str) -> Readings:
        """Encode with sentence-transformers, or with this library where that is not installed."""
        try:
            import sentence_transformers
        except ImportError:
            vectors = probe.vectors(Embedder.load(str(target), device="cpu", dtype=dtype))
            note = "sentence-transformers is not installed: read back with embedrank's own loader"
            return Readings(runtime="embedrank", ways={"packed": vectors}, notes=(note,))
        with quiet():
            model = sentence_transformers.SentenceTransformer(
                str(target), device="cpu", model_kwargs={"dtype": DTYPES[dtype]}
            )
        ways = {}
        for side in SIDES:
            model.tokenizer.padding_side = side
            ways[f"padded {side}"] = _encode(model, probe, batch_size=64)
        ways["alone"] = _encode(model, probe, batch_size=1)
        return Readings(runtime=f"sentence-transformers {sentence_transformers.__version__}", ways=ways)


def _encode(model: Any, probe: Probe, *, batch_size: int) -> FloatArray:
    sides = [
        model.encode(list(probe.texts), prompt_name=side, batch_size=batch_size, show_progress_bar=False)
        for side in ("document", "query")
    ]
    return np.concatenate(sides).astype(np.float32)
