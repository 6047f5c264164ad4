"""Ranking metrics, computed by trec_eval through `ir-measures`; nothing is counted by hand here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final, TypeAlias

from embedrank.evaluation.run import Run

PerQuery: TypeAlias = dict[str, dict[str, float]]

MEASURES: Final[Mapping[str, str]] = MappingProxyType(
    {"ndcg_at_10": "nDCG@10", "recall_at_100": "R@100", "mrr_at_10": "RR@10", "map": "AP"}
)
"""Our name to the name in `ir-measures`. nDCG is trec_eval's: the gain is the grade itself (linear), discount log2."""


def per_query(qrels: Mapping[str, Mapping[str, int]], run: Run) -> PerQuery:
    """Score each judged query.

    Args:
        qrels: Query id to document id to grade; above 0 is relevant.
        run: Query id to document ids, best first. A judged query that is not in it scores 0.

    Returns:
        Key of `MEASURES` to query id (in the order of `qrels`) to value in 0..1.

    Source:
        trec_eval, measures ndcg_cut, recall, map; MRR@10 by the MS MARCO script (https://ir-measur.es/en/latest/measures.html)
    """
    import ir_measures

    ours = {ir_measures.parse_measure(theirs): name for name, theirs in MEASURES.items()}
    values: PerQuery = {name: dict.fromkeys(qrels, 0.0) for name in MEASURES}
    for metric in ir_measures.iter_calc(list(ours), _plain(qrels), _scores(qrels, run)):
        values[ours[metric.measure]][metric.query_id] = metric.value
    return values


def means(values: PerQuery) -> dict[str, float]:
    """Mean over queries of each metric.

    Args:
        values: Metric to query id to value.

    Returns:
        Metric to mean.
    """
    return {name: sum(by_query.values()) / max(len(by_query), 1) for name, by_query in values.items()}


def _plain(qrels: Mapping[str, Mapping[str, int]]) -> dict[str, dict[str, int]]:
    return {query: dict(grades) for query, grades in qrels.items()}


def _scores(judged: Iterable[str], run: Run) -> dict[str, dict[str, float]]:
    """The run with falling scores: trec_eval sorts again and would break ties its own way."""
    return {query: {name: -float(rank) for rank, name in enumerate(run.get(query, ()))} for query in judged}
