"""Documents ranked for a query: one body that takes what the clients of Cohere, Jina and vLLM send.

Sources: https://docs.cohere.com/v1/reference/rerank, https://docs.cohere.com/reference/rerank,
https://jina.ai/reranker, https://docs.vllm.ai/en/latest/models/pooling_models/scoring
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AliasChoices, BaseModel, Field

from embedrank.serving.dialects.body import Body
from embedrank.serving.settings import Truncate

Document: TypeAlias = str | dict[str, str]


class RerankBody(Body):
    """A request to `/v1/rerank`, `/v2/rerank`, or, with `documents`, to `/rerank`."""

    query: str
    documents: Annotated[list[Document], Field(min_length=1)]
    model: str | None = Field(None, description="Name of the reranker; the first one served if it is absent.")
    top_n: Annotated[int, Field(ge=0)] | None = Field(None, description="Most results; absent or 0 for all.")
    return_documents: bool | None = None
    rank_fields: Annotated[list[str], Field(min_length=1)] | None = Field(
        None, description="Fields of document objects that are read, in this order; `text` alone if it is absent."
    )
    max_tokens_per_doc: Annotated[int, Field(ge=1)] | None = Field(None, description="Most tokens read of a document.")
    max_chunks_per_doc: int | None = Field(None, description="Has no effect: documents are read in one piece.")
    relevant_spans: dict[str, Any] | None = Field(None, description="Refused unless its mode is `disabled`.")
    truncate_prompt_tokens: int | None = Field(None, description="vLLM's; only -1, the model's own limit.")
    use_activation: bool | None = Field(
        None,
        validation_alias=AliasChoices("use_activation", "activation"),
        description="vLLM's; false answers with the difference of logits, not a probability.",
    )
    instruction: str | None = Field(
        None,
        validation_alias=AliasChoices("instruction", "instruct"),
        description="Extension: the task in one English sentence.",
    )
    truncate: Truncate = Field("right", description="Extension: what becomes of documents that are too long.")


class Result(BaseModel):
    """One document that was ranked."""

    index: int
    relevance_score: float
    document: dict[str, str] | None = None
    truncated: Literal[True] | None = Field(None, description="Extension: there where the document was cut.")


class RerankAnswer(BaseModel):
    """The best documents first. `meta` is for Cohere's clients, `usage` for those of Jina and vLLM."""

    id: str
    object: Literal["list"] = "list"
    model: str
    results: list[Result]
    usage: dict[str, int]
    meta: dict[str, Any]


class RerankError(BaseModel):
    """Why there is no answer: once as Cohere says it, once as Jina does."""

    message: str
    detail: str
