"""Which dialect, or which call, a body belongs to: by the fields that only one of them has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

TEI: Final = "tei"
VLLM: Final = "vllm"


def rerank_dialect(body: Any) -> str:
    """`documents` is vLLM's, `texts` is TEI's, and so is what has neither."""
    return VLLM if _has(body, "documents") and not _has(body, "texts") else TEI


def tokenize_dialect(body: Any) -> str:
    """`prompt` and `messages` are vLLM's, `inputs` is TEI's, and so is what has none of them."""
    return VLLM if (_has(body, "prompt") or _has(body, "messages")) and not _has(body, "inputs") else TEI


def root_call(body: Any) -> str:
    """The call of TEI that a body to `/` means: `rerank`, `similarity`, `predict` or `embed`."""
    if _has(body, "texts"):
        return "rerank"
    inputs = body.get("inputs") if isinstance(body, Mapping) else None
    if isinstance(inputs, Mapping):
        return "similarity"
    if isinstance(inputs, list) and inputs and isinstance(inputs[0], list):
        return "predict"
    return "embed"


def _has(body: Any, field: str) -> bool:
    value = body.get(field) if isinstance(body, Mapping) else getattr(body, field, None)
    return value is not None
