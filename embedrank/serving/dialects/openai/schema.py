"""Bodies of OpenAI's embeddings API."""

from __future__ import annotations

from pydantic import BaseModel


class EmbeddingsRequest(BaseModel):
    """What a client sends."""

    input: str | list[str]
    model: str | None = None
    dimensions: int | None = None
