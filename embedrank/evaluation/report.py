"""The report of an evaluation: every system's metrics, and everything that was left out or changed on the way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from embedrank.evaluation.beir import BeirSet
from embedrank.evaluation.compare import Difference, bootstrap_difference, randomisation_test
from embedrank.evaluation.metrics import means, per_query
from embedrank.evaluation.run import Run
from embedrank.evaluation.tasks.instruction_retrieval import instruction_metrics


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemScore:
    """How one system did.

    Attributes:
        name: Name of the system.
        metrics: Key of `MEASURES` to mean over the queries; `p_mrr` and `robustness_at_10` where the set allows them.
        p_value: Of the difference in nDCG@10 to the first system, by a paired randomisation test; None for the first.
        difference: That difference, with its 95 % interval by a paired bootstrap; None for the first.
        by_query: Query id to nDCG@10; empty where queries are not ranked.
    """

    name: str
    metrics: Mapping[str, float]
    p_value: float | None
    difference: Difference | None = None
    by_query: Mapping[str, float] = field(default_factory=dict)


def score_systems(dataset: BeirSet, runs: Mapping[str, Run]) -> list[SystemScore]:
    """Measure systems on one split and compare each with the first.

    Args:
        dataset: The judged queries.
        runs: System name to its run.

    Returns:
        One score for each system, in the order given.
    """
    scores: list[SystemScore] = []
    baseline: Mapping[str, float] | None = None
    for name, run in runs.items():
        values = per_query(dataset.qrels, run)
        ndcg = values["ndcg_at_10"]
        metrics = {**means(values), **instruction_metrics(dataset.qrels, dataset.groups, run, ndcg)}
        if baseline is None:
            baseline = ndcg
            scores.append(SystemScore(name=name, metrics=metrics, p_value=None, by_query=ndcg))
            continue
        scores.append(
            SystemScore(
                name=name,
                metrics=metrics,
                p_value=randomisation_test(baseline, ndcg),
                difference=bootstrap_difference(baseline, ndcg),
                by_query=ndcg,
            )
        )
    return scores


def as_json(dataset: BeirSet, scores: Sequence[SystemScore], *, settings: Mapping[str, object]) -> dict[str, object]:
    """The report as one object: the last system's metrics on top, all systems below.

    Args:
        dataset: What was measured.
        scores: At least one system.
        settings: How it was run: models, depths, weights.

    Returns:
        Values that `json.dumps` takes.
    """
    last = scores[-1]
    return {
        "data": str(dataset.folder),
        "split": dataset.split,
        "system": last.name,
        **last.metrics,
        "num_queries": len(dataset.queries),
        "num_documents": len(dataset.documents),
        "systems": {score.name: {**score.metrics, **_compared(score)} for score in scores},
        "settings": dict(settings),
        "notes": notes(dataset),
    }


def _compared(score: SystemScore) -> dict[str, object]:
    if score.difference is None:
        return {}
    interval = [score.difference.low, score.difference.high]
    return {"p_value": score.p_value, "difference": score.difference.mean, "difference_95": interval}


def notes(dataset: BeirSet) -> list[str]:
    """What a reader of the figures must know about the data behind them.

    Args:
        dataset: A loaded split.

    Returns:
        One sentence each; empty where nothing was cut or missing.
    """
    counts = [
        (dataset.num_unjudged_queries, "queries of the file are not judged in this split and were left out"),
        (dataset.num_missing_queries, "judged queries have no text in queries.jsonl and were left out"),
        (dataset.num_repeated_queries, "rows of queries.jsonl repeat an earlier id and were left out"),
        (dataset.num_repeated_documents, "corpus rows repeat an earlier id and were left out"),
        (dataset.num_blank_documents, "documents have no text and can hardly be found"),
        (dataset.num_missing_documents, "relevant documents are not in the corpus and count as not found"),
    ]
    lines = [f"{count} {sentence}" for count, sentence in counts if count]
    if dataset.instructions:
        lines.append(f"{len(dataset.instructions)} queries have an instruction of their own, which models read")
    if dataset.corpus_prefix:
        lines.append(f"corpus restricted to ids that start with {dataset.corpus_prefix!r}")
    if dataset.num_queries_before_sampling is not None:
        lines.append(f"a seeded sample of {len(dataset.queries)} of {dataset.num_queries_before_sampling} queries")
    return lines
