"""The figures of all curves, gathered set by set."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np

from embedrank.core.types import FloatArray
from embedrank.evaluation.beir import BeirSet
from embedrank.evaluation.curves.calibration import Verdicts
from embedrank.evaluation.curves.kept_as import KEPT_AS, nearest, prefix, prefix_dims
from embedrank.evaluation.query_kinds import language_in
from embedrank.evaluation.run import Run
from embedrank.evaluation.tally import Point, Tally

METRIC: Final = "ndcg_at_10"
RECALL: Final = "recall_at_100"


class Curves:
    """Points of all curves; each is a mean over all queries of all sets that were added."""

    def __init__(self) -> None:
        """Begin with none."""
        self._systems: Tally[str] = Tally()
        self._languages: Tally[tuple[str, str]] = Tally()
        self._vectors: Tally[tuple[str, str, int]] = Tally()
        self._depths: Tally[tuple[str, int]] = Tally()
        self._verdicts: dict[str, Verdicts] = {}

    def add_systems(self, dataset: BeirSet, runs: Mapping[str, Run]) -> None:
        """Take in the stages of a search.

        Args:
            dataset: The judged queries.
            runs: System name to its run; the last one is what the others are compared with.
        """
        for system, run in runs.items():
            for query, values in self._systems.add_run(system, dataset, run).items():
                self._languages.add((language_in(dataset, query), system), values)

    def add_depths(self, dataset: BeirSet, system: str, runs: Mapping[int, Run]) -> None:
        """Take in what comes of reranking more or fewer candidates.

        Args:
            dataset: The judged queries.
            system: What reranks.
            runs: Candidates read, to run.
        """
        for depth, run in runs.items():
            self._depths.add_run((system, depth), dataset, run)

    def add_vectors(
        self, dataset: BeirSet, model: str, queries_QD: FloatArray, documents_ND: FloatArray, *, top: int
    ) -> None:
        """Search with prefixes of the vectors, kept in several ways.

        Args:
            dataset: The judged queries and the corpus.
            model: Whose vectors they are.
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
                self._vectors.add_run((model, name, dim), dataset, run)

    def add_verdicts(self, dataset: BeirSet, reranker: str, logits: Mapping[str, Mapping[str, float]]) -> None:
        """Take in what a reranker said of the candidates.

        Args:
            dataset: The judgements; a candidate that is not judged counts as irrelevant.
            reranker: Its name.
            logits: Query id to document id to the difference of the yes and the no logit.
        """
        verdicts = self._verdicts.setdefault(reranker, Verdicts())
        for query, by_document in logits.items():
            verdicts.add(by_document, {name for name, grade in dataset.qrels[query].items() if grade > 0})

    def content(self, *, latency: Sequence[Mapping[str, Any]] = ()) -> dict[str, Any]:
        """All points as plain values, with 95 % intervals and differences to the full setting by paired bootstrap.

        Args:
            latency: What was timed: `system`, `depth` (None where nothing is reranked) and `median_ms`.

        Returns:
            One list for each curve; those that nothing was added for are empty.
        """
        names = [name for name, _, _ in self._systems.means()]
        whole = {model: (model, kept, dim) for (model, kept, dim), _, _ in reversed(list(self._vectors.means()))}
        deepest = {system: (system, depth) for (system, depth), _, _ in self._depths.means()}
        systems = _rows(self._systems, lambda system: {"system": system}, lambda system: names[-1])
        depths = _rows(self._depths, _named("system", "depth"), lambda point: deepest[point[0]])
        quality = {(row["system"], row.get("depth")): row for row in [*systems, *depths]}
        return {
            "systems": systems,
            "vectors": _rows(self._vectors, _vector_fields, lambda point: whole[point[0]]),
            "depths": depths,
            "latency": [{**quality[point["system"], point["depth"]], **point} for point in latency],
            "languages": _rows(self._languages, _named("language", "system"), lambda point: None),
            "calibration": [
                {"reranker": name, **verdicts.calibrated().as_json()}
                for name, verdicts in self._verdicts.items()
                if verdicts.num_pairs
            ],
        }


def _rows(
    tally: Tally[Point],
    fields_of: Callable[[Point], dict[str, Any]],
    reference_of: Callable[[Point], Point | None],
) -> list[dict[str, Any]]:
    """Fields, number of queries, means, intervals, and the difference to a reference, of every point."""
    quality, recall = tally.spreads(METRIC, reference_of), tally.spreads(RECALL)
    return [
        {
            **fields_of(point),
            "num_queries": count,
            **means,
            f"{METRIC}_95": [quality[point].low, quality[point].high],
            f"{RECALL}_95": [recall[point].low, recall[point].high],
            **quality[point].compared,
        }
        for point, count, means in tally.means()
    ]


def _named(*names: str) -> Callable[[tuple[Any, ...]], dict[str, Any]]:
    return lambda point: dict(zip(names, point, strict=True))


def _vector_fields(point: tuple[str, str, int]) -> dict[str, Any]:
    model, name, dim = point
    return {"model": model, "kept_as": name, "dim": dim, "bytes": KEPT_AS[name].bytes_per_vector(dim)}
