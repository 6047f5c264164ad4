"""What clients of Text Embeddings Inference send and read.

Source: https://huggingface.github.io/text-embeddings-inference/
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, BeforeValidator, Field

from embedrank.serving.dialects.body import Body
from embedrank.serving.settings import Truncate

Pair: TypeAlias = Annotated[list[str], Field(min_length=2, max_length=2)]
ErrorType: TypeAlias = Literal["Unhealthy", "Backend", "Overloaded", "Validation", "Tokenizer"]


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value  # the document says Left, some clients say left


class Truncating(Body):
    """What is done with texts that are too long."""

    truncate: bool | None = Field(None, description="False refuses texts that are too long; true and absent cut them.")
    truncation_direction: Annotated[Literal["left", "right"], BeforeValidator(_lower)] = "right"

    @property
    def policy(self) -> Truncate:
        """The same in the words of the service."""
        return "error" if self.truncate is False else self.truncation_direction


class Prompted(Truncating):
    """Texts that a named prompt may be put before."""

    prompt_name: str | None = Field(None, description="`query` or `document`; absent is `document`.")


class EmbedBody(Prompted):
    """A request to `/embed`."""

    inputs: str | list[str]
    normalize: bool = Field(True, description="Has no effect: vectors have unit length in any case.")
    dimensions: Annotated[int, Field(ge=1)] | None = None
    model: str | None = Field(None, description="Extension: name of the embedder.")
    instruction: str | None = Field(None, description="Extension: the task of queries, in one English sentence.")


class RerankBody(Truncating):
    """A request to `/rerank` with `texts`."""

    query: str
    texts: Annotated[list[str], Field(min_length=1)]
    raw_scores: bool = False
    return_text: bool = False
    model: str | None = Field(None, description="Extension: name of the reranker.")
    instruction: str | None = Field(None, description="Extension: the task in one English sentence.")


class PredictBody(Truncating):
    """A request to `/predict`: one pair of query and document, or several."""

    inputs: Pair | Annotated[list[Pair], Field(min_length=1)]
    raw_scores: bool = False
    model: str | None = Field(None, description="Extension: name of the reranker.")
    instruction: str | None = Field(None, description="Extension: the task in one English sentence.")


class SimilarityInputs(BaseModel):
    """One sentence, and those it is compared with."""

    source_sentence: str
    sentences: Annotated[list[str], Field(min_length=1)]


class SimilarityBody(Body):
    """A request to `/similarity`."""

    inputs: SimilarityInputs
    parameters: Prompted = Field(default_factory=lambda: Prompted.model_validate({}))
    model: str | None = Field(None, description="Extension: name of the embedder.")


class TokenizeBody(Body):
    """A request to `/tokenize` with `inputs`."""

    inputs: str | list[str]
    add_special_tokens: bool = True
    prompt_name: str | None = Field(None, description="Refused: ask for the prompt's tokens by sending it.")
    model: str | None = Field(None, description="Extension: name of the model.")


class DecodeBody(Body):
    """A request to `/decode`."""

    ids: list[int] | list[list[int]]
    skip_special_tokens: bool = True
    model: str | None = Field(None, description="Extension: name of the model.")


class Rank(BaseModel):
    """One text that was ranked."""

    index: int
    score: float
    text: str | None = None


class Prediction(BaseModel):
    """How likely a document answers its query."""

    score: float
    label: str


Predictions: TypeAlias = list[Prediction] | list[list[Prediction]]
"""Of one pair, or of several."""


class Token(BaseModel):
    """One token."""

    id: int
    text: str
    special: bool
    start: int | None
    stop: int | None


class ErrorAnswer(BaseModel):
    """Why there is no answer."""

    error: str
    error_type: ErrorType
