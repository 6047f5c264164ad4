"""What mteb writes down of a model beside its results."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import mteb
from mteb.models.model_meta import ModelMeta

from embedrank.core.protocols import Encoder, Reranker

_UNKNOWN: Final[Mapping[str, object]] = {
    "release_date": None,
    "languages": None,
    "n_parameters": None,
    "memory_usage_mb": None,
    "license": None,
    "open_weights": None,
    "public_training_code": None,
    "public_training_data": None,
    "framework": ["PyTorch"],
    "training_datasets": None,
}


def encoder_meta(encoder: Encoder, name: str, *, dim: int, settings: Mapping[str, object]) -> ModelMeta:
    """Metadata of an embedder.

    Args:
        encoder: The model.
        name: Hub id, or whatever it was loaded by.
        dim: Numbers per vector.
        settings: How it is run, such as the prompt protocol; becomes part of the results.

    Returns:
        What is known; for a model that mteb knows too, its own entry with revision and settings of this run.
    """
    facts = {"embed_dim": dim, "similarity_fn_name": "cosine", "model_type": ["dense"], "use_instructions": True}
    return _meta(encoder, name, {**facts, "loader_kwargs": dict(settings)})


def reranker_meta(reranker: Reranker, name: str, *, settings: Mapping[str, object]) -> ModelMeta:
    """Metadata of a reranker.

    Args:
        reranker: The model.
        name: Hub id, or whatever it was loaded by.
        settings: How it is run.

    Returns:
        As for `encoder_meta`.
    """
    facts = {"embed_dim": None, "similarity_fn_name": None, "model_type": ["cross-encoder"], "use_instructions": True}
    return _meta(reranker, name, {**facts, "loader_kwargs": dict(settings)})


def _meta(model: object, name: str, facts: Mapping[str, object]) -> ModelMeta:
    revision = getattr(model, "fingerprint", "") or "no_revision_available"
    own = {"loader": None, "revision": revision, "max_tokens": getattr(model, "max_length", None), **facts}
    full_name = name if name.count("/") == 1 and not Path(name).exists() else f"local/{Path(name).name}"
    try:
        known = mteb.get_model_meta(full_name, fetch_from_hf=False)
    except KeyError:
        known = ModelMeta(name=full_name, **{**_UNKNOWN, **own})  # type: ignore[arg-type]
    return ModelMeta.model_validate({**known.model_dump(), **own})
