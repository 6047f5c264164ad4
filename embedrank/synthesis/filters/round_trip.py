"""Drops rows whose query does not find its passage again among all passages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from embedrank.core.errors import ConfigError
from embedrank.synthesis.draft import Draft
from embedrank.synthesis.filters.bounds import check_whole
from embedrank.synthesis.filters.corpus_vectors import CorpusVectors
from embedrank.synthesis.filters.cosine import encode_row_queries, pair_cosines
from embedrank.synthesis.filters.filter import Verdict, drop, keep
from embedrank.synthesis.filters.needs import FilterNeeds
from embedrank.synthesis.filters.stateless import row_of
from embedrank.synthesis.passage import Passage

_TASKS = ("retrieval", "code")


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundTripConfig:
    """How far down the passage may be.

    Source: Alberti et al., arXiv 1906.05416 (round-trip consistency); Wang et al., arXiv 2212.03533, section 3.1, who
    keep pairs found among the first of a pool.

    Attributes:
        top: Worst rank of the positive, from 1, among all passages.
    """

    top: int = 10

    def __post_init__(self) -> None:
        check_whole("filters.round_trip", {"top": self.top}, least=1)


class RoundTripFilter:
    """Looks at retrieval and code rows; the others are not searched for among passages, and pass.

    The corpus is embedded before the first rows are judged, once; its vectors stay in the work folder.
    """

    name = "round_trip"

    def __init__(self, config: RoundTripConfig, needs: FilterNeeds) -> None:
        """Take the model and the corpus; nothing is embedded yet.

        Args:
            config: How far down the passage may be.
            needs: An encoder, passages and a work folder.

        Raises:
            ConfigError: If one of them is not there.
        """
        if needs.passages is None or needs.work is None:
            raise ConfigError("filters", self.name, None, "needs the corpus and a work folder, and none was given")
        self._config = config
        self._encoder = needs.encoder_for(self.name)
        self._passages: Callable[[], Iterable[Passage]] = needs.passages
        self._folder: Path = needs.work / self.name
        self._tell = needs.tell
        self._vectors: CorpusVectors | None = None

    def judge(self, drafts: Sequence[Draft]) -> list[Verdict]:
        """Drop rows whose positive is not among the first."""
        verdicts = [keep() for _ in drafts]
        places = [place for place, draft in enumerate(drafts) if row_of(draft).task in _TASKS]
        if not places:
            return verdicts
        for place, rank in zip(places, self._ranks([drafts[place] for place in places]), strict=True):
            figures = {"round_trip_rank": float(rank)}
            if rank > self._config.top:
                verdicts[place] = drop("passage not found again", f"rank {rank}", **figures)
            else:
                verdicts[place] = keep(**figures)
        return verdicts

    def remember(self, drafts: Sequence[Draft]) -> None:
        """Nothing to remember."""

    def _ranks(self, drafts: Sequence[Draft]) -> list[int]:
        vectors = self._corpus()
        rows = [row_of(draft) for draft in drafts]
        queries = encode_row_queries(self._encoder, rows)
        scores = np.array(pair_cosines(self._encoder, rows, queries), dtype=np.float32)
        own = [vectors.place_of(draft.passage.id) for draft in drafts]
        places = np.array([-1 if place is None else place for place in own], dtype=np.int64)
        ranks: list[int] = vectors.ranks(queries, scores, places).tolist()
        return ranks

    def _corpus(self) -> CorpusVectors:
        if self._vectors is None:
            tell = partial(self._tell, "embedding the corpus")
            self._vectors = CorpusVectors(self._folder, self._passages(), self._encoder, tell=tell)
        return self._vectors
