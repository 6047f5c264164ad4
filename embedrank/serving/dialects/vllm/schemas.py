"""What clients of vLLM send and read, beside what it shares with OpenAI, Cohere and Jina.

Source: https://docs.vllm.ai/en/latest/models/pooling_models/scoring
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import AliasChoices, BaseModel, Field

from embedrank.serving.dialects.body import Body

Texts: TypeAlias = str | Annotated[list[str], Field(min_length=1)]


class ScoreBody(Body):
    """A request to `/score`: one query for all documents, or as many of both."""

    queries: Texts = Field(validation_alias=AliasChoices("text_1", "queries", "data_1"))
    documents: Texts = Field(validation_alias=AliasChoices("text_2", "documents", "items", "data_2"))
    model: str | None = Field(None, description="Name of the reranker; the first one served if it is absent.")
    truncate_prompt_tokens: int | None = Field(None, description="Only -1, the model's own limit.")
    truncation_side: Literal["left", "right"] = "right"
    use_activation: bool | None = Field(
        None,
        validation_alias=AliasChoices("use_activation", "activation"),
        description="False answers with the difference of logits, not a probability.",
    )
    instruction: str | None = Field(
        None,
        validation_alias=AliasChoices("instruction", "instruct"),
        description="Extension: the task in one English sentence.",
    )


class Score(BaseModel):
    """One pair."""

    index: int
    object: Literal["score"] = "score"
    score: float
    truncated: Literal[True] | None = Field(None, description="Extension: there where the document was cut.")


class ScoreAnswer(BaseModel):
    """Scores in the order of the pairs."""

    id: str
    object: Literal["list"] = "list"
    created: int
    model: str
    data: list[Score]
    usage: dict[str, int]


class TokenizeBody(Body):
    """A request to `/tokenize` with `prompt`."""

    prompt: str
    add_special_tokens: bool = True
    return_token_strs: bool | None = False
    model: str | None = None


class TokenizeAnswer(BaseModel):
    """Tokens of a text."""

    count: int
    max_model_len: int
    tokens: list[int]
    token_strs: list[str] | None


class DetokenizeBody(Body):
    """A request to `/detokenize`."""

    tokens: list[int]
    model: str | None = None


class Error(BaseModel):
    """What went wrong."""

    message: str
    type: str
    param: str | None
    code: int


class ErrorAnswer(BaseModel):
    """Why there is no answer."""

    error: Error
