"""Requests and answers of searching, as JSON."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Mode = Literal["fused", "dense", "lexical"]
Fusion = Literal["rrf", "minmax", "zscore"]
Scalar = str | int | float | bool


class Body(BaseModel):
    """What all requests have in common: a misspelt field is told and not passed over."""

    model_config = ConfigDict(extra="forbid")


class SearchQuery(Body):
    """A search, as a URL can say it."""

    query: str = Field(min_length=1, description="What is looked for, in any language.")
    top: int = Field(10, ge=1, description="Hits wanted.")
    recall: int = Field(100, ge=1, description="Candidates taken from dense and from lexical recall each.")
    mode: Mode = Field("fused", description="Which lists are recalled.")
    fusion: Fusion | None = Field(None, description="How they are fused; by default as the embedder advises.")
    rerank: bool = Field(True, description="Whether the reranker reads the best candidates.")
    rerank_depth: int = Field(30, ge=1, description="How many it reads; at least `top`.")
    rerank_weight: Annotated[float, Field(ge=0, le=1)] | None = Field(
        None, description="Its share in the final order; by default as it advises."
    )
    instruction: str | None = Field(None, description="The task in one English sentence; by default the model's own.")
    dim: Annotated[int, Field(ge=1)] | None = Field(
        None, description="Leading vector dimensions compared; by default all that are stored."
    )
    lang: list[str] = Field(default=[], max_length=64, description="Languages of the metadata key `lang`; any of them.")
    path: str | None = Field(None, description="A part of the path, or a pattern with * and ?.")
    explain: bool = Field(False, description="Whether the choices and all lists of all stages are told.")


class SearchRequest(SearchQuery):
    """A search."""

    filters: dict[str, Scalar | list[Scalar]] = Field(
        default={}, max_length=32, description="Metadata key to wanted value, or to several, any of which will do."
    )


class StagePlace(BaseModel):
    """What one stage said of a hit."""

    rank: int
    score: float


class HitSnippet(BaseModel):
    """The part of a text that is worth showing."""

    text: str
    marks: list[tuple[int, int]] = Field(description="Spans in characters (Unicode code points) of this text.")


class SearchHit(BaseModel):
    """One hit."""

    id: str
    document_id: str
    rank: int
    score: float
    title: str
    text: str
    path: str | None = Field(description="Relative to the folder that holds all files of the index.")
    start_line: int | None
    end_line: int | None
    lang: str | None
    metadata: dict[str, Scalar]
    stages: dict[str, StagePlace] = Field(description="dense, lexical, fused, rerank; stages that did not see it lack.")
    highlights: list[tuple[int, int]] = Field(description="Spans of `text`, in characters, that share terms.")
    snippet: HitSnippet
    thumb: Literal["up", "down"] | None = Field(None, description="What was said of it for this query.")
    why: str | None = Field(None, description="One line on its place; where `explain` was asked for.")


class SearchAnswer(BaseModel):
    """The answer to a search."""

    query: str
    hits: list[SearchHit]
    found: dict[str, int] = Field(description="Length of each stage's list.")
    latency_ms: dict[str, float] = Field(description="Wall time of each stage in ms, and `total`.")
    dim: int = Field(description="Dimensions compared.")
    index_version: int
    explanation: dict[str, Any] | None = None


class DocumentIn(Body):
    """A document handed in as text."""

    text: str = Field(min_length=1)
    id: str | None = Field(None, min_length=1, max_length=1000, description="By default a hash of the text.")
    title: str = Field("", max_length=1000)
    path: str | None = Field(None, max_length=1000)
    metadata: dict[str, Scalar] = Field(default={}, max_length=64)


class DocumentsIn(Body):
    """Documents handed in as texts."""

    documents: list[DocumentIn] = Field(min_length=1)


class LeftOut(BaseModel):
    """Something that was left out, and why."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    reason: str


class JobOut(BaseModel):
    """How far a job is."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    kind: Literal["add", "remove"]
    state: Literal["queued", "reading", "indexing", "done", "failed", "stopped"]
    num_files: int
    done: int
    total: int | None
    added: int
    updated: int
    unchanged: int
    removed: int
    chunks: int
    num_skipped: int
    skipped: list[LeftOut]
    error: str | None
    seconds: float


class DocumentOut(BaseModel):
    """A document of the index."""

    id: str
    path: str | None
    chunks: int


class DocumentsOut(BaseModel):
    """One page of the documents."""

    total: int
    offset: int
    documents: list[DocumentOut]


class ChunkOut(BaseModel):
    """A part of a document."""

    id: str
    title: str
    text: str
    start_line: int | None
    metadata: dict[str, Scalar]


class WholeDocument(BaseModel):
    """A document with its text."""

    id: str
    path: str | None
    num_chunks: int
    offset: int
    chunks: list[ChunkOut]


class SimilarOut(BaseModel):
    """Documents like one."""

    id: str
    hits: list[SearchHit]


class ThumbIn(Body):
    """A judgement."""

    query: str = Field(min_length=1)
    chunk_id: str = Field(min_length=1, max_length=2000, description="The `id` of a hit.")
    thumb: Literal["up", "down", "none"] = Field(description="`none` takes an earlier one back.")
    rank: Annotated[int, Field(ge=1)] | None = None
    instruction: str | None = None


class TallyOut(BaseModel):
    """What feedback there is."""

    model_config = ConfigDict(from_attributes=True)

    thumbs: int
    up: int
    down: int
    rows: int
    waiting: int
    damaged: int


class PointOut(BaseModel):
    """A chunk on the map."""

    id: str
    document_id: str
    x: float
    y: float
    title: str
    text: str
    path: str | None
    lang: str | None
    folder: str | None


class MapOut(BaseModel):
    """The map."""

    version: int
    num_chunks: int
    num_points: int
    is_sample: bool
    points: list[PointOut]


class IndexOut(BaseModel):
    """What the index holds, and how it is searched."""

    name: str
    version: int
    num_documents: int
    num_chunks: int
    dim: int
    dims: list[int] = Field(description="Dimensions worth offering, falling.")
    embedder: str
    reranker: str | None
    instruction: str | None = Field(description="The embedder's own task.")
    languages: dict[str, int]
    examples: list[str] = Field(description="Titles of a few chunks, to begin with.")
    max_top: int
    max_recall: int
    max_rerank_depth: int
    feedback: TallyOut
