"""The figures of all curves, gathered set by set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from embedrank.core.types import FloatArray
from embedrank.evaluation.beir import BeirSet
from embedrank.evaluation.curves.calibration import calibration
from embedrank.evaluation.curves.kept_as import KEPT_AS, nearest, prefix, prefix_dims
from embedrank.evaluation.query_kinds import language_in
from embedrank.evaluation.run import Run
from embedrank.evaluation.tally import Tally

METRIC: Final = "ndcg_at_10"


class Curves:
    """Points of all curves; each is a mean over all queries of all sets that were added."""

    def __init__(self) -> None:
        """Begin with none."""
        self._systems: Tally[str] = Tally()
        self._languages: Tally[tuple[str, str]] = Tally()
        self._vectors: Tally[tuple[str, int]] = Tally()
        self._depths: Tally[int] = Tally()
        self._logits: list[float] = []
        self._relevant: list[bool] = []

    def add_systems(self, dataset: BeirSet, runs: Mapping[str, Run]) -> None:
        """Take in the stages of a search.

        Args:
            dataset: The judged queries.
            runs: System name to its run.
        """
        for system, run in runs.items():
            for query, values in self._systems.add_run(system, dataset, run).items():
                self._languages.add((language_in(dataset, query), system), values)

    def add_depths(self, dataset: BeirSet, runs: Mapping[int, Run]) -> None:
        """Take in what comes of reranking more or fewer candidates.

        Args:
            dataset: The judged queries.
            runs: Candidates read, to run.
        """
        for depth, run in runs.items():
            self._depths.add_run(depth, dataset, run)

    def add_vectors(self, dataset: BeirSet, queries_QD: FloatArray, documents_ND: FloatArray, *, top: int) -> None:
        """Search with prefixes of the vectors, kept in several ways.

        Args:
            dataset: The judged queries and the corpus.
            queries_QD: One unit vector for each query, in their order.
            documents_ND: One for each document, in their order.
            top: Length of each list; also how many of it are rescored.
        """
        names = np.array([document.id for document in dataset.documents], dtype=object)
        for dim in prefix_dims(documents_ND.shape[1]):
            short_queries, short_documents = prefix(queries_QD, dim), prefix(documents_ND, dim)
            for name, kept_as in KEPT_AS.items():
                found_QT = nearest(short_queries, short_documents, kept_as, top=top)
                run = {query: list(names[row]) for query, row in zip(dataset.queries, found_QT, strict=True)}
                self._vectors.add_run((name, dim), dataset, run)

    def add_verdicts(self, dataset: BeirSet, logits: Mapping[str, Mapping[str, float]]) -> None:
        """Take in what the reranker said of the candidates.

        Args:
            dataset: The judgements; a candidate that is not judged counts as irrelevant.
            logits: Query id to document id to the difference of the yes and the no logit.
        """
        for query, by_document in logits.items():
            self._logits.extend(by_document.values())
            self._relevant.extend(dataset.qrels[query].get(name, 0) > 0 for name in by_document)

    def content(self, *, latency: Sequence[Mapping[str, Any]] = ()) -> dict[str, Any]:
        """All points as plain values.

        Args:
            latency: What was timed: `system`, `depth` (None where nothing is reranked) and `median_ms`.

        Returns:
            One list for each curve; those that nothing was added for are empty. `calibration` is then None.
        """
        systems = {name: means for name, _, means in self._systems.means()}
        depths = {depth: means for depth, _, means in self._depths.means()}
        return {
            "systems": [{"system": name, **means} for name, means in systems.items()],
            "vectors": [
                {"kept_as": name, "dim": dim, "bytes": KEPT_AS[name].bytes_per_vector(dim), **means}
                for (name, dim), _, means in self._vectors.means()
            ],
            "depths": [{"depth": depth, **means} for depth, means in depths.items()],
            "latency": [
                {**point, **(systems[point["system"]] if point["depth"] is None else depths[point["depth"]])}
                for point in latency
            ],
            "languages": [
                {"language": language, "system": system, "num_queries": count, **means}
                for (language, system), count, means in self._languages.means()
            ],
            "calibration": self._calibration(),
        }

    def _calibration(self) -> dict[str, Any] | None:
        if not self._logits:
            return None
        from scipy.special import expit

        logits = np.asarray(self._logits, dtype=np.float64)
        return calibration(expit(logits), np.asarray(self._relevant, dtype=np.bool_)).as_json()
