"""Fields of Jina's `/v1/embeddings` that OpenAI's does not have; both send to the same path.

Source: https://jina.ai/embeddings/
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import Field

from embedrank.core.errors import InvalidInputError
from embedrank.serving.dialects.body import Body


class JinaFields(Body):
    """To be inherited by a request for embeddings."""

    task: (
        Literal[
            "retrieval.query",
            "retrieval.passage",
            "code.query",
            "code.passage",
            "text-matching",
            "classification",
            "separation",
        ]
        | None
    ) = Field(None, description="Jina's: what the vectors are for; queries get an instruction, passages none.")
    embedding_type: Literal["float", "base64", "binary", "ubinary"] | None = Field(
        None, description="Jina's: how vectors are written; wins over encoding_format."
    )
    late_chunking: bool | None = Field(None, description="Jina's: refused unless false.")
    normalized: bool | None = Field(None, description="Jina's: no effect, vectors have unit length in any case.")

    def refuse(self) -> None:
        """Say what there is none of.

        Raises:
            InvalidInputError: If late chunking is asked for.
        """
        if self.late_chunking:
            raise InvalidInputError(
                "late_chunking",
                "is not to be had",
                hint="the models pool at the last token; embed each chunk by itself",
            )


def texts_of_objects(objects: Sequence[Any]) -> list[str]:
    """Jina's inputs that are objects, `{"text": ...}`, as texts.

    Args:
        objects: Mappings.

    Returns:
        Their texts.

    Raises:
        ValueError: If one holds anything else, such as an image.
    """
    for item in objects:
        if set(item) != {"text"} or not isinstance(item["text"], str):
            raise ValueError('objects in it must be {"text": "..."} (images and others cannot be embedded)')
    return [item["text"] for item in objects]
