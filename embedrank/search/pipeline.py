"""The two stages in a row: encode the query, recall, fuse, rerank, blend. Knows protocols, no store and no model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from embedrank.core.errors import InvalidInputError
from embedrank.core.protocols import ChunkReader, Encoder, Reranker
from embedrank.core.types import Chunk, FloatArray, Scored
from embedrank.search.advice import with_fusion
from embedrank.search.blend import blended
from embedrank.search.clock import StageClock
from embedrank.search.config import SearchConfig
from embedrank.search.ranking import Ranking, candidates
from embedrank.search.recall import Recall
from embedrank.search.rerank import blend_choice, judge

QUERIES_PER_BATCH: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchPipeline:
    """Answers queries with rankings.

    Attributes:
        recall: First stage.
        chunks: Where texts are read back.
        encoder: Embeds queries; None allows lexical search only.
        reranker: Second stage; None leaves the order of recall.
    """

    recall: Recall
    chunks: ChunkReader
    encoder: Encoder | None = None
    reranker: Reranker | None = None

    def rank(self, query: str, config: SearchConfig, *, where: Mapping[str, object] | None = None) -> Ranking:
        """Answer one query.

        Args:
            query: The query text.
            config: Choices of this search.
            where: Metadata field to the value that it must equal.

        Returns:
            The ranking with all its stages.

        Raises:
            InvalidInputError: If the query is blank, or dense search is asked of a pipeline without an encoder.
        """
        return next(self.rank_many([query], config, where=where))

    def rank_many(
        self, queries: Sequence[str], config: SearchConfig, *, where: Mapping[str, object] | None = None
    ) -> Iterator[Ranking]:
        """Answer queries in order, embedding them in batches.

        Args:
            queries: Query texts.
            config: Choices of all these searches.
            where: Metadata field to the value that it must equal.

        Yields:
            One ranking for each query.

        Raises:
            InvalidInputError: If a query is blank, or dense search is asked of a pipeline without an encoder.
        """
        for place, query in enumerate(queries):
            require_query(query, "query" if len(queries) == 1 else f"query {place + 1}")
        config = with_fusion(config, self.encoder)
        for start in range(0, len(queries), QUERIES_PER_BATCH):
            batch = queries[start : start + QUERIES_PER_BATCH]
            clock = StageClock()
            vectors = self._vectors(batch, config, clock)
            for place, query in enumerate(batch):
                vector = None if vectors is None else vectors[place]
                yield self._ranking(query, vector, config, where, clock.split())

    def _vectors(self, queries: Sequence[str], config: SearchConfig, clock: StageClock) -> FloatArray | None:
        if config.mode == "lexical":
            return None
        if self.encoder is None:
            raise InvalidInputError(
                "mode", f"{config.mode} search needs an embedder", hint="open with one, or mode lexical"
            )
        with clock.stage("embed", share=len(queries)):
            return self.encoder.encode_queries(queries, instruction=config.instruction, dim=config.dim)

    def _ranking(
        self,
        query: str,
        vector: FloatArray | None,
        config: SearchConfig,
        where: Mapping[str, object] | None,
        clock: StageClock,
    ) -> Ranking:
        recalled = self.recall.find(query, vector, config, where=where, clock=clock)
        rows = candidates(recalled)
        reranker = self.reranker if config.rerank else None
        wanted = max(config.top, config.rerank_depth) if reranker else config.top
        with clock.stage("read"):
            chunks = {chunk.id: chunk for chunk in self.chunks.get([row.id for row in rows[:wanted]])}
        logits: dict[str, float] = {}
        final: Sequence[Scored] = _without_gone(rows, chunks, wanted)
        if reranker is not None:
            with clock.stage("rerank"):
                logits = judge(reranker, query, list(chunks.values()), instruction=config.instruction)
                weight, blend = blend_choice(config, reranker)
                final = blended(final, logits, weight=weight, method=blend)
        return Ranking(query=query, recalled=recalled, logits=logits, final=final, chunks=chunks, seconds=clock.seconds)


def _without_gone(rows: Sequence[Scored], chunks: Mapping[str, Chunk], read: int) -> list[Scored]:
    """Drop rows whose chunk was deleted between recall and reading."""
    return [row for place, row in enumerate(rows) if place >= read or row.id in chunks]


def require_query(query: str, what: str = "query") -> None:
    """Refuse a query that says nothing.

    Args:
        query: The query text.
        what: How the message names it.

    Raises:
        InvalidInputError: If it is empty or blank.
    """
    if not query.strip():
        raise InvalidInputError(what, "is empty", hint="give at least one word")
