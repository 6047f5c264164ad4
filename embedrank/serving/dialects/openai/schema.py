"""Bodies of OpenAI's embeddings API, and what we add to it."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Field, StrictBool, StrictInt, WithJsonSchema

from embedrank.serving.dialects.jina.fields import JinaFields, texts_of_objects
from embedrank.serving.settings import Truncate


def _checked_input(value: Any) -> Any:
    """A text, texts, token ids, or lists of token ids; told in one line, and without a copy of a long list."""
    if isinstance(value, str):
        return value
    if not isinstance(value, list):
        raise ValueError("must be a text, a list of texts, token ids, or a list of lists of token ids")
    if not value:
        raise ValueError("is an empty list")
    kinds = {type(item) for item in value}
    if kinds == {dict}:
        return texts_of_objects(value)
    if len(kinds) > 1 or not kinds <= {str, int, list}:
        raise ValueError("must hold texts only, or token ids only, or lists of token ids only")
    if kinds == {list}:
        if not all(value):
            raise ValueError("holds an empty list of token ids")
        if {type(token) for ids in value for token in ids} != {int}:
            raise ValueError("lists in it must hold token ids only")
    return value


_TOKEN_IDS = {"type": "array", "items": {"type": "integer", "minimum": 0}, "minItems": 1}
_TEXT_OBJECT = {
    "type": "object",
    "properties": {"text": {"type": "string"}},
    "required": ["text"],
    "additionalProperties": False,
}
Input: TypeAlias = Annotated[
    Any,
    BeforeValidator(_checked_input),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string"},
                {"type": "array", "items": {"type": "string"}, "minItems": 1},
                _TOKEN_IDS,
                {"type": "array", "items": _TOKEN_IDS, "minItems": 1},
                {"type": "array", "items": _TEXT_OBJECT, "minItems": 1},
            ]
        }
    ),
]


class EmbeddingsRequest(JinaFields):
    """What a client sends."""

    input: Input = Field(description="A text, texts (Jina's: or objects), token ids, or lists of token ids.")
    model: str | None = Field(None, description="Name of an embedder that is served. Default: the first.")
    dimensions: StrictInt | None = Field(None, description="Numbers per vector; the front of the whole one.")
    encoding_format: Literal["float", "base64"] = "float"
    user: str | None = Field(None, description="Taken and not used.")
    input_type: Literal["query", "document"] | None = Field(
        None, description="Ours: what the texts are. Default: documents; queries where an instruction is given."
    )
    instruction: str | None = Field(None, description="Ours: the task of queries. Default: the model's own.")
    truncate: Truncate | StrictBool = Field(
        "right", description="Ours: what becomes of texts that are too long. Jina's: true for right, false for error."
    )
    token_vocabulary: Literal["auto", "model", "cl100k_base"] | None = Field(
        None, description="Ours: whose token ids these are. Default: what the server is set to."
    )

    @property
    def truncation(self) -> Truncate:
        """The policy in the words of the service."""
        if isinstance(self.truncate, bool):
            return "right" if self.truncate else "error"
        return self.truncate
