"""Queries that went wrong, and what kinds of queries go wrong, gathered set by set."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from embedrank.core.types import joined_text
from embedrank.evaluation.beir import BeirSet
from embedrank.evaluation.metrics import per_query
from embedrank.evaluation.query_kinds import KINDS, num_words
from embedrank.evaluation.run import Run
from embedrank.evaluation.tally import Tally

_FIRST_PAGE: Final = 10
_MOST_ABOVE: Final = 5  # documents shown of those that a stage ranks above the right answer
_MOST_ANSWERS: Final = 3
_MOST_CHARS: Final = 600


class Errors:
    """The worst queries with texts, all others as numbers."""

    def __init__(self, *, num_worst: int) -> None:
        """Begin with none.

        Args:
            num_worst: Queries to keep the texts of.
        """
        self._num_worst = num_worst
        self._worst: list[tuple[tuple[float, float, str], dict[str, Any]]] = []
        self._slices: Tally[tuple[str, str, str]] = Tally()
        self._moves: dict[str, Counter[str]] = {}
        self._num_queries = self._num_perfect = 0

    def add(self, dataset: BeirSet, runs: Mapping[str, Run]) -> None:
        """Take in one split.

        Args:
            dataset: The judged queries and the corpus.
            runs: Stage to run, in the order of the stages; the last one decides what is worst.
        """
        ndcg = {stage: per_query(dataset.qrels, run)["ndcg_at_10"] for stage, run in runs.items()}
        last = list(runs)[-1]
        for query in dataset.queries:
            ranks = {stage: _best_rank(run.get(query, ()), dataset.qrels[query]) for stage, run in runs.items()}
            self._count(dataset, query, ranks, {stage: values[query] for stage, values in ndcg.items()})
            rank = ranks[last]
            badness = (ndcg[last][query], -math.inf if rank is None else -rank, query)
            if ndcg[last][query] < 1:
                self._worst.append((badness, {"dataset": dataset, "query": query, "ranks": ranks}))
        self._keep_worst(dataset, runs, ndcg)

    def _count(self, dataset: BeirSet, query: str, ranks: Mapping[str, int | None], ndcg: Mapping[str, float]) -> None:
        self._num_queries += 1
        self._num_perfect += list(ndcg.values())[-1] == 1
        before: bool | None = None
        for stage, rank in ranks.items():
            found = rank is not None and rank <= _FIRST_PAGE
            values = {"ndcg_at_10": ndcg[stage], "found_at_10": float(found)}
            for kind, slice_of in KINDS.items():
                self._slices.add((kind, slice_of(dataset, query), stage), values)
            moves = self._moves.setdefault(stage, Counter())
            moves["found"] += found
            moves["gained"] += before is False and found
            moves["lost"] += before is True and not found
            before = found

    def _keep_worst(self, dataset: BeirSet, runs: Mapping[str, Run], ndcg: Mapping[str, Mapping[str, float]]) -> None:
        """Cut the list, and write out those of this split that stay, so that its corpus can go."""
        self._worst = sorted(self._worst, key=lambda entry: entry[0])[: self._num_worst]
        texts: dict[str, str] = {}
        for place, (badness, entry) in enumerate(self._worst):
            if "dataset" not in entry:
                continue
            texts = texts or {row.id: joined_text(row.title, row.text) for row in dataset.documents}
            query = entry["query"]
            lists = {stage: run.get(query, ()) for stage, run in runs.items()}
            scores = {stage: values[query] for stage, values in ndcg.items()}
            self._worst[place] = (badness, _told(dataset, query, entry["ranks"], lists, scores, texts))

    def content(self) -> dict[str, Any]:
        """Everything as plain values.

        Returns:
            `num_queries`, `num_perfect` (nDCG@10 of 1), `stages` (right answers among the first ten, and how many came
            and went since the stage before), `slices` by kind, and `worst`, the worst first.
        """
        slices: dict[str, dict[str, dict[str, Any]]] = {}
        for (kind, value, stage), count, means in self._slices.means():
            row = slices.setdefault(kind, {}).setdefault(value, {"value": value, "count": count, "stages": {}})
            row["stages"][stage] = means
        return {
            "num_queries": self._num_queries,
            "num_perfect": self._num_perfect,
            "stages": [{"stage": stage, **moves} for stage, moves in self._moves.items()],
            "slices": {
                kind: sorted(rows.values(), key=lambda row: (-row["count"], row["value"]))
                for kind, rows in slices.items()
            },
            "worst": [entry for _, entry in self._worst],
        }


def _best_rank(documents: Sequence[str], grades: Mapping[str, int]) -> int | None:
    """Rank, from 1, of the first relevant document; None where none was found."""
    return next((rank for rank, name in enumerate(documents, start=1) if grades.get(name, 0) > 0), None)


def _told(
    dataset: BeirSet,
    query: str,
    ranks: Mapping[str, int | None],
    lists: Mapping[str, Sequence[str]],
    ndcg: Mapping[str, float],
    texts: Mapping[str, str],
) -> dict[str, Any]:
    """One query with the right answers, and what each stage ranked above the first of them."""
    grades = dataset.qrels[query]
    right = sorted((name for name, grade in grades.items() if grade > 0), key=lambda name: -grades[name])
    above: dict[str, None] = {}
    for stage, names in reversed(list(lists.items())):
        rank = ranks[stage]
        above |= dict.fromkeys(names[: len(names) if rank is None else rank - 1][:_MOST_ABOVE])
    places = {stage: {name: rank for rank, name in enumerate(names, start=1)} for stage, names in lists.items()}

    def shown(name: str) -> dict[str, Any]:
        found = {stage: by_name.get(name) for stage, by_name in places.items()}
        text = texts.get(name)
        return {"id": name, "grade": grades.get(name), "ranks": found, "text": None if text is None else _cut(text)}

    return {
        "id": query,
        "query": _cut(dataset.queries[query]),
        "set": f"{dataset.folder.name} {dataset.split}",
        "num_words": num_words(dataset.queries[query]),
        **{kind: slice_of(dataset, query) for kind, slice_of in KINDS.items()},
        "ranks": dict(ranks),
        "ndcg_at_10": dict(ndcg),
        "num_right": len(right),
        "right": [shown(name) for name in right[:_MOST_ANSWERS]],
        "above": [shown(name) for name in above],
    }


def _cut(text: str) -> str:
    return text if len(text) <= _MOST_CHARS else f"{text[:_MOST_CHARS]}…"
