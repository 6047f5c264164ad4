"""Plain values that cross the seams between rooms. All frozen; no behaviour beyond derived text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

FloatArray: TypeAlias = npt.NDArray[np.float32]
Metadata: TypeAlias = Mapping[str, str | int | float | bool]


def joined_text(title: str, text: str) -> str:
    """The one rule by which a titled text becomes the text that models read.

    Args:
        title: Title, or an empty string.
        text: Body.

    Returns:
        Title and body on separate lines; the body alone where there is no title or the body begins with it.
    """
    if not title or text.startswith(title):
        return text
    return f"{title}\n{text}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A whole text as its owner knows it: a file, a row, a page.

    Attributes:
        id: Unique name inside an index; for files the path.
        text: Full text.
        title: Title or an empty string.
        path: Path of the file it came from, if any.
        metadata: Flat values to filter by.
    """

    id: str
    text: str
    title: str = ""
    path: str | None = None
    metadata: Metadata = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """A part of a document that is embedded and found as one.

    Attributes:
        id: Unique name inside an index: document id, `#`, ordinal.
        document_id: The document it was cut from.
        ordinal: Place in the document, from 0.
        text: Its text.
        title: Title of the document and headings above the chunk, or an empty string.
        path: Path of the file it came from, if any.
        start_line: First line in the source, from 1, where known.
        document_hash: Hash of the whole document and of how it was cut; equal hashes need no new indexing.
        metadata: Values inherited from the document.
    """

    id: str
    document_id: str
    ordinal: int
    text: str
    title: str = ""
    path: str | None = None
    start_line: int | None = None
    document_hash: str = ""
    metadata: Metadata = field(default_factory=dict)

    @property
    def embedding_text(self) -> str:
        """The text that embedders, rerankers and lexical search read."""
        return joined_text(self.title, self.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """One row of a ranked list: a chunk id and its score, higher is better."""

    id: str
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StageScore:
    """What one stage (`dense`, `lexical`, `fused`, `rerank`) said of a hit: rank from 1 and score."""

    rank: int
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One search result with the whole story of how it got its place.

    Attributes:
        id: Chunk id.
        document_id: Document it belongs to.
        text: Text of the chunk.
        title: Title and headings.
        path: File, if any.
        start_line: First line in the file, where known.
        score: Final score, higher is better; comparable within one result list only.
        stages: Stage name to rank and score in that stage; a stage that did not see the chunk is absent.
        highlights: Character spans `(start, end)` of `text` that share terms with the query.
        metadata: Values to filter by.
    """

    id: str
    document_id: str
    text: str
    title: str
    path: str | None
    start_line: int | None
    score: float
    stages: Mapping[str, StageScore]
    highlights: Sequence[tuple[int, int]]
    metadata: Metadata

    @classmethod
    def of(
        cls,
        chunk: Chunk,
        *,
        score: float,
        stages: Mapping[str, StageScore],
        highlights: Sequence[tuple[int, int]] = (),
    ) -> Hit:
        """The hit that a chunk is.

        Args:
            chunk: What was found.
            score: Its final score.
            stages: Its rank and score in each stage.
            highlights: Spans of its text to show.

        Returns:
            The hit.
        """
        return cls(
            id=chunk.id,
            document_id=chunk.document_id,
            text=chunk.text,
            title=chunk.title,
            path=chunk.path,
            start_line=chunk.start_line,
            score=score,
            stages=stages,
            highlights=highlights,
            metadata=chunk.metadata,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """Something that was left out of a run, and why: a file, a row, a text."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Truncation:
    """A text that was longer than the model reads: its place in the input, its length and what was kept, in tokens."""

    index: int
    num_tokens: int
    kept_tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoded:
    """Vectors together with what it took to make them.

    Attributes:
        vectors: Float32 `[n, dim]`, unit rows, in the order of the texts.
        num_tokens: Tokens read per text, after truncation, end token included.
        truncations: One entry for each text that was cut; empty where all were read whole.
    """

    vectors: FloatArray
    num_tokens: Sequence[int]
    truncations: Sequence[Truncation]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """Reranker logits together with what it took to make them.

    Attributes:
        logits: Float32 `[n]`: yes minus no, in the order of the documents.
        num_tokens: Tokens of each whole prompt, after truncation.
        shared_tokens: Tokens at the front that were computed once for all documents.
        truncations: One entry for each document whose tail was cut.
    """

    logits: FloatArray
    num_tokens: Sequence[int]
    shared_tokens: int
    truncations: Sequence[Truncation]


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddedText:
    """One text's vector together with what it took to make it: what caches keep.

    Attributes:
        vector: Float32 `[dim]`, unit length.
        num_tokens: Tokens read, after truncation, end token included.
        uncut_tokens: Tokens the whole text has; more than `num_tokens` where it was cut.
    """

    vector: FloatArray
    num_tokens: int
    uncut_tokens: int
