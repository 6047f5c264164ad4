"""Do the instructions decide? Two measures over runs of queries that differ by their instruction only.

A FollowIR-style folder is a BEIR folder whose query ids come in pairs `NAME-og` and `NAME-changed`, each with its own
`instruction` and judgements. An InstructIR-style one has several variants of a query, told to belong together by the
field `group` or `base`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from embedrank.evaluation.run import Run

ORIGINAL: Final = "-og"
CHANGED: Final = "-changed"


def changed_documents(qrels: Mapping[str, Mapping[str, int]]) -> dict[str, list[str]]:
    """Documents that answer the original instruction of a query and no longer the changed one.

    Args:
        qrels: Query id to document id to grade; above 0 is relevant.

    Returns:
        Name of each pair of queries, without suffix, to document ids; pairs without such a document are left out.
    """
    found = {}
    for query, grades in qrels.items():
        name = query.removesuffix(ORIGINAL)
        after = qrels.get(name + CHANGED)
        if name == query or after is None:
            continue
        if lost := [document for document, grade in grades.items() if grade > 0 and after.get(document, 0) <= 0]:
            found[name] = lost
    return found


def p_mrr(qrels: Mapping[str, Mapping[str, int]], run: Run) -> float | None:
    """How far documents that a changed instruction excludes fall when it is changed.

    Args:
        qrels: Judgements of both queries of each pair.
        run: Query id to document ids, best first; a document that is not in it counts as one place behind the last.

    Returns:
        Mean over the pairs, -1 (they rise to the top) to 1 (they fall from it), 0 where the instruction decides
        nothing; None if no judgement changes.

    Source:
        Weller et al., "FollowIR", arXiv 2403.15246, section 4.2
    """
    means = []
    for name, documents in changed_documents(qrels).items():
        before, after = _ranks(run.get(name + ORIGINAL, ())), _ranks(run.get(name + CHANGED, ()))
        falls = []
        for document in documents:
            first, second = before.get(document, len(before) + 1), after.get(document, len(after) + 1)
            falls.append(second / first - 1 if first >= second else 1 - first / second)
        means.append(np.mean(falls))
    return float(np.mean(means)) if means else None


def robustness(values: Mapping[str, float], groups: Mapping[str, str]) -> float | None:
    """The worst variant of each query, on average: a model that follows only some instructions is not robust.

    Args:
        values: Query id to a metric, such as nDCG@10.
        groups: Query id to what it is a variant of.

    Returns:
        Mean over groups of the least value in the group; None if there are no groups of two or more.

    Source:
        Oh et al., "InstructIR", arXiv 2402.14334, section 3.3 (robustness score)
    """
    members: dict[str, list[float]] = {}
    for query, value in values.items():
        if query in groups:
            members.setdefault(groups[query], []).append(value)
    if not any(len(values_of) > 1 for values_of in members.values()):
        return None
    return float(np.mean([min(values_of) for values_of in members.values()]))


def instruction_metrics(
    qrels: Mapping[str, Mapping[str, int]], groups: Mapping[str, str], run: Run, ndcg: Mapping[str, float]
) -> dict[str, float]:
    """Both measures, where the set allows them.

    Args:
        qrels: Judgements.
        groups: Query id to what it is a variant of.
        run: Query id to document ids, best first.
        ndcg: Query id to nDCG@10.

    Returns:
        `p_mrr` and `robustness_at_10`, or one of them, or nothing.
    """
    found = {"p_mrr": p_mrr(qrels, run), "robustness_at_10": robustness(ndcg, groups)}
    return {name: value for name, value in found.items() if value is not None}


def _ranks(documents: Sequence[str]) -> dict[str, int]:
    return {document: rank for rank, document in enumerate(documents, start=1)}
