"""Decides on some rows at a time: retrieves with every encoder, then lets the rules choose.

Shape suffixes: Q queries, K documents found, D dimensions, P positives of a row.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np

from embedrank.core.protocols import Reranker
from embedrank.core.same_text import digest, digests
from embedrank.core.types import FloatArray
from embedrank.training.negatives import reasons
from embedrank.training.negatives.config import MiningConfig
from embedrank.training.negatives.corpus import Corpus
from embedrank.training.negatives.decision import Decision
from embedrank.training.negatives.known_positives import KnownPositives
from embedrank.training.negatives.library import Library
from embedrank.training.negatives.selection import select
from embedrank.training.negatives.window import Identities, Window
from embedrank.training.negatives.written import written_negatives
from embedrank.training.rows import TrainingRow


class Miner:
    """All that decisions need."""

    def __init__(
        self,
        corpus: Corpus,
        libraries: Sequence[Library],
        known: KnownPositives,
        config: MiningConfig,
        reranker: Reranker | None,
    ) -> None:
        """Put it together.

        Args:
            corpus: The documents.
            libraries: Their vectors by each encoder.
            known: All positives of all rows.
            config: The bounds, and how to draw.
            reranker: Has a veto; None for none.
        """
        self._corpus, self._libraries, self._known, self._config = corpus, libraries, known, config
        self._reranker = reranker

    def decide(self, rows: Sequence[TrainingRow], *, first: int, skip: int = 0) -> Iterator[Decision]:
        """Decide on some rows.

        Args:
            rows: The rows; they share one search.
            first: Number of the first of them.
            skip: How many at the beginning were decided before.

        Yields:
            The decision on each row after those.
        """
        known = [self._without_search(row) for row in rows]
        searched = [row for row, decision in zip(rows, known, strict=True) if decision is None]
        found = [self._windows(library, searched) for library in self._libraries] if searched else []
        windows = zip(*found, strict=True)
        for place, (row, decision) in enumerate(zip(rows, known, strict=True)):
            of_row = next(windows) if decision is None else ()
            if place >= skip:
                yield decision or self._select(row, of_row, first + place)

    def _select(self, row: TrainingRow, windows: Sequence[Window], number: int) -> Decision:
        relevance = None if self._reranker is None else partial(self._relevance, self._reranker, row)
        return select(windows, self._identities(row), self._config, row=number, relevance=relevance)

    def _without_search(self, row: TrainingRow) -> Decision | None:
        if row.score is not None:
            return Decision(outcome=reasons.GRADED)
        if self._config.require_positive and not self._positives_in_corpus(row):
            return Decision(outcome=reasons.NOT_IN_CORPUS)
        return None

    def _windows(self, library: Library, rows: Sequence[TrainingRow]) -> list[Window]:
        queries_QD = library.queries(rows)
        places_QK, scores_QK = library.search(queries_QD)
        positives = self._positive_vectors(library, rows)
        windows = []
        for query_D, places_K, scores_K, positives_PD in zip(queries_QD, places_QK, scores_QK, positives, strict=True):
            similarities_K = None
            if self._config.max_similarity is not None:
                similarities_K = (library.documents(places_K.tolist()) @ positives_PD.T).max(axis=1)
            windows.append(
                Window(
                    places_K=places_K,
                    scores_K=scores_K,
                    digests_K=self._corpus.digests[places_K],
                    positive_score=float((positives_PD @ query_D).max()),
                    similarities_K=similarities_K,
                )
            )
        return windows

    def _positive_vectors(self, library: Library, rows: Sequence[TrainingRow]) -> list[FloatArray]:
        """For each row its positives `[P, D]`: those of the corpus, or, where it has none of them, all."""
        held = [self._positives_in_corpus(row) for row in rows]
        known_ND = library.documents([place for places in held for place in places])
        absent = [text for row, places in zip(rows, held, strict=True) if not places for text in row.positives]
        absent_ND = library.foreign(absent) if absent else known_ND[:0]
        counts = [len(places) for places in held]
        others = [0 if places else len(row.positives) for row, places in zip(rows, held, strict=True)]
        parts = zip(_split(known_ND, counts), _split(absent_ND, others), strict=True)
        return [known_PD if len(known_PD) else absent_PD for known_PD, absent_PD in parts]

    def _positives_in_corpus(self, row: TrainingRow) -> list[int]:
        places = (self._corpus.place_of(digest(text)) for text in row.positives)
        return [place for place in places if place is not None]

    def _identities(self, row: TrainingRow) -> Identities:
        positives = digests(row.positives)
        return Identities(
            positives=positives,
            others=np.setdiff1d(self._known.of(row), positives),
            written=digests(written_negatives(row, self._known, self._config).kept),
        )

    def _relevance(self, reranker: Reranker, row: TrainingRow, places: Sequence[int]) -> FloatArray:
        instruction = row.instruction or self._config.instruction
        return reranker.score(row.query, self._corpus.texts(places), instruction=instruction)


def _split(vectors_ND: FloatArray, counts: Sequence[int]) -> list[FloatArray]:
    return np.split(vectors_ND, np.cumsum(counts)[:-1]) if counts else []
