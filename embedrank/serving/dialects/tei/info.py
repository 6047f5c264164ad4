"""What TEI's clients ask about the server."""

from __future__ import annotations

from typing import Any

from embedrank.serving.dialects.tei.rank import LABEL
from embedrank.serving.results import ModelInfo
from embedrank.serving.service import Service


def info(service: Service, *, version: str) -> dict[str, Any]:
    """The first model in TEI's words, and all of them in ours.

    Args:
        service: The service.
        version: Of embedrank.

    Returns:
        Facts and bounds.
    """
    models = service.models()
    first, settings = models[0], service.settings
    return {
        "model_id": first.name,
        "model_sha": first.fingerprint,
        "model_dtype": (first.precision or "unknown").split(",")[0],
        "model_type": _type(first),
        "max_concurrent_requests": settings.engine.max_requests,
        "max_input_length": first.max_length,
        "max_batch_tokens": settings.engine.max_batch_tokens,
        "max_batch_requests": None,
        "max_client_batch_size": settings.limits.max_items,
        "auto_truncate": True,
        "tokenization_workers": 1,
        "version": version,
        "sha": None,
        "docker_label": None,
        "served_by": "embedrank",
        "models": [{"name": model.name, "kind": model.kind, "is_default": model.is_default} for model in models],
    }


def _type(model: ModelInfo) -> dict[str, Any]:
    if model.kind == "embedder":
        return {"embedding": {"pooling": "last_token"}}
    return {"reranker": {"id2label": {"0": LABEL}, "label2id": {LABEL: 0}}}
