"""First stage: many candidates, fast. Runs on protocols, so any store will do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from embedrank.core.protocols import LexicalIndex, VectorStore
from embedrank.core.types import FloatArray, Scored
from embedrank.search.advice import DEFAULT_FUSION, with_fusion
from embedrank.search.clock import StageClock
from embedrank.search.config import SearchConfig
from embedrank.search.fusion import fusion


@dataclass(frozen=True, slots=True, kw_only=True)
class Recall:
    """Finds candidates by vector, by words, or by both.

    Attributes:
        vectors: Where dense neighbours are looked up; None if there is only text.
        lexical: Where words are looked up; None if there are only vectors.
    """

    vectors: VectorStore | None
    lexical: LexicalIndex | None

    def find(
        self,
        query: str,
        vector: FloatArray | None,
        config: SearchConfig,
        *,
        where: Mapping[str, object] | None = None,
        clock: StageClock | None = None,
    ) -> dict[str, list[Scored]]:
        """Run the recall stages that the configuration asks for.

        Args:
            query: The query text, for lexical search.
            vector: The query vector `[dim]`, for dense search; None where there is no encoder.
            config: Which lists, how long, how fused.
            where: Metadata field to the value that it must equal.
            clock: Told how long each stage took.

        Returns:
            Stage name to ranked list, best first.
        """
        clock = clock or StageClock()
        lists: dict[str, list[Scored]] = {}
        if config.mode != "lexical" and self.vectors is not None and vector is not None:
            with clock.stage("dense"):
                lists["dense"] = self.vectors.search(vector, top=config.recall, where=where, dim=config.dim)
        if config.mode != "dense" and self.lexical is not None:
            with clock.stage("lexical"):
                lists["lexical"] = self.lexical.search_text(query, top=config.recall, where=where)
        if config.mode == "fused":
            decided = with_fusion(config, None)
            weights = {"dense": decided.dense_weight or 0.0, "lexical": decided.lexical_weight or 0.0}
            method = fusion(decided.fusion or DEFAULT_FUSION)
            with clock.stage("fused"):
                lists["fused"] = method(list(lists.values()), [weights[stage] for stage in lists])
        return lists
