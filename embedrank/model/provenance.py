"""Small facts about a model folder that decide how it is read: its kind, its length limit, its use in search."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FILE = "embedrank.json"
EMBEDDER, RERANKER = "embedder", "reranker"
KINDS = (EMBEDDER, RERANKER)


def model_kind(folder: Path) -> str | None:
    """What a folder says it holds.

    Args:
        folder: A model folder.

    Returns:
        `embedder`, `reranker`, or None where it does not say.
    """
    kind = read_json(folder / FILE).get("kind")
    if kind in KINDS:
        return str(kind)
    architectures = read_json(folder / "config.json").get("architectures") or []
    if "Qwen3ForSequenceClassification" in architectures:
        return "reranker"
    return "embedder" if (folder / "1_Pooling" / "config.json").is_file() else None


def max_length_of(folder: Path, max_position_embeddings: int) -> int:
    """Most tokens a model reads: sentence-transformers' `max_seq_length` where given, at most its positions."""
    limit = read_json(folder / "sentence_bert_config.json").get("max_seq_length")
    return min(limit, max_position_embeddings) if isinstance(limit, int) and limit > 0 else max_position_embeddings


def search_advice(folder: Path) -> dict[str, Any]:
    """How search had best use a model, as found when it was made.

    Args:
        folder: A model folder.

    Returns:
        The `search` object of `embedrank.json`, empty where there is none.
    """
    advice = read_json(folder / FILE).get("search")
    return advice if isinstance(advice, dict) else {}


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object in a model folder; empty where the file is missing, damaged or holds something else."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
