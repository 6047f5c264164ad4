"""The models as OpenAI's API lists them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from embedrank.core.errors import ModelNotFoundError
from embedrank.serving.results import ModelInfo


def listed(models: Sequence[ModelInfo]) -> list[dict[str, Any]]:
    """One row for each name; an embedder and a reranker of one name share it.

    Args:
        models: What is served.

    Returns:
        OpenAI's fields, and what else a client may want to know.
    """
    by_name: dict[str, list[ModelInfo]] = {}
    for model in models:
        by_name.setdefault(model.name, []).append(model)
    return [_row(name, of_that_name) for name, of_that_name in by_name.items()]


def found(models: Sequence[ModelInfo], name: str) -> dict[str, Any]:
    """The row of one model.

    Args:
        models: What is served.
        name: A name or an alias.

    Returns:
        The row.

    Raises:
        ModelNotFoundError: If there is none.
    """
    for model in models:
        if name == model.name or name in model.aliases:
            return _row(model.name, [other for other in models if other.name == model.name])
    raise ModelNotFoundError(name, "no such model is served here")


def _row(name: str, models: Sequence[ModelInfo]) -> dict[str, Any]:
    embedder = next((model for model in models if model.kind == "embedder"), None)
    return {
        "id": name,
        "object": "model",
        "created": int(max(model.loaded_at or 0 for model in models)),
        "owned_by": "embedrank",
        "kinds": [model.kind for model in models],
        "aliases": sorted({alias for model in models for alias in model.aliases}),
        "is_loaded": all(model.is_loaded for model in models),
        "dimensions": embedder.dim if embedder else None,
        "max_length": {model.kind: model.max_length for model in models},
    }
