"""Bodies of OpenAI's embeddings API, and what we add to it."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, BeforeValidator, Field, StrictInt, StrictStr
from pydantic.types import FailFast

from embedrank.serving.settings import Truncate


def _checked_input(value: Any) -> Any:
    """Say in one line what four types of a union would each say in their own."""
    if isinstance(value, str):
        return value
    if not isinstance(value, list):
        raise ValueError("must be a text, a list of texts, token ids, or a list of lists of token ids")
    if not value:
        raise ValueError("is an empty list")
    kinds = {type(item) for item in value}
    if len(kinds) > 1 or not kinds <= {str, int, list}:
        raise ValueError("must hold texts only, or token ids only, or lists of token ids only")
    return value


TokenIds: TypeAlias = Annotated[list[StrictInt], FailFast()]
Input: TypeAlias = Annotated[
    StrictStr | Annotated[list[StrictStr], FailFast()] | TokenIds | Annotated[list[TokenIds], FailFast()],
    Field(union_mode="left_to_right", description="A text, texts, token ids, or lists of token ids."),
    BeforeValidator(_checked_input),
]


class EmbeddingsRequest(BaseModel):
    """What a client sends."""

    input: Input
    model: str | None = Field(None, description="Name of an embedder that is served. Default: the first.")
    dimensions: StrictInt | None = Field(None, description="Numbers per vector; the front of the whole one.")
    encoding_format: Literal["float", "base64"] = "float"
    user: str | None = Field(None, description="Taken and not used.")
    input_type: Literal["query", "document"] | None = Field(
        None, description="Ours: what the texts are. Default: documents; queries where an instruction is given."
    )
    instruction: str | None = Field(None, description="Ours: the task of queries. Default: the model's own.")
    truncate: Truncate = Field("right", description="Ours: what becomes of texts that are too long.")
    token_vocabulary: Literal["auto", "model", "cl100k_base"] | None = Field(
        None, description="Ours: whose token ids these are. Default: what the server is set to."
    )
