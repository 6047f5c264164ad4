"""What Cohere's clients send to be embedded, and what they read.

Source: https://docs.cohere.com/reference/embed
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from embedrank.serving.dialects.body import Body

EmbeddingType: TypeAlias = Literal["float", "int8", "uint8", "binary", "ubinary", "base64"]
InputType: TypeAlias = Literal["search_query", "search_document", "classification", "clustering"]


class TextContent(BaseModel):
    """A piece of an input that is text."""

    type: Literal["text"]
    text: str


class EmbedInput(BaseModel):
    """An input in pieces; they are joined by line breaks."""

    content: Annotated[list[TextContent], Field(min_length=1)]


class EmbedBody(Body):
    """A request to `/v1/embed`."""

    model: str | None = Field(None, description="Name of the embedder; the first one served if it is absent.")
    texts: list[str] | None = None
    images: Any = Field(None, description="Refused: the models read text.")
    input_type: InputType = Field(
        "search_document", description="Queries get the instruction; classification and clustering get their own."
    )
    embedding_types: Annotated[list[EmbeddingType], Field(min_length=1)] | None = None
    truncate: Literal["NONE", "START", "END"] = "END"
    instruction: str | None = Field(None, description="Extension: the task of queries, in one English sentence.")


class EmbedBodyV2(EmbedBody):
    """A request to `/v2/embed`."""

    inputs: list[EmbedInput] | None = None
    output_dimension: Annotated[int, Field(ge=1)] | None = None
    max_tokens: Annotated[int, Field(ge=1)] | None = Field(None, description="Most tokens read of a text.")


class BilledUnits(BaseModel):
    """What a request counts for."""

    input_tokens: int | None = None
    search_units: int | None = None


class Meta(BaseModel):
    """What is to be said beside the answer."""

    api_version: dict[str, str]
    billed_units: BilledUnits
    tokens: BilledUnits
    warnings: list[str] | None = None


class EmbedAnswer(BaseModel):
    """Vectors by type; `/v1/embed` without `embedding_types` gives a plain list."""

    model_config = ConfigDict(extra="allow")

    id: str
    response_type: Literal["embeddings_floats", "embeddings_by_type"]
    embeddings: dict[EmbeddingType, list[Any]] | list[list[float]]
    texts: list[str]
    truncated: list[bool] = Field(description="Extension: whether each text was cut.")
    meta: Meta


class ErrorAnswer(BaseModel):
    """Why there is no answer."""

    id: str
    message: str
