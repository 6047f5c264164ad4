"""Many sets in one table: rows from the reports of their splits, means by type of task."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import numpy as np

from embedrank.evaluation.compare import Comparison, compare_over_splits
from embedrank.evaluation.tasks.registry import TASKS

_BEIR_TASKS: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = MappingProxyType(
    {
        "retrieval": ("Retrieval", ("ndcg_at_10",)),
        "instruction_retrieval": ("InstructionReranking", ("p_mrr", "robustness_at_10", "ndcg_at_10")),
        "reranking": ("Reranking", ("map", "pair_average_precision")),
    }
)
"""Task to its type in the paper's tables, and the metrics that count, the first that a report has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteRow:
    """One set, measured by one task, all splits of one family (`test`, `test.de`, `test.en`) together.

    Attributes:
        folder: Of the set.
        name: Of the set; with the family where that is not the split asked for.
        task: Name of the task.
        benchmark_type: What mteb and the paper's tables call it.
        metric: The one shown.
        num_splits: Splits that the values are means over.
        values: System to the mean of the metric.
        compared: System to how it compares with the first in nDCG@10, over the queries of all splits; empty where
            queries are not ranked.
        num_queries: Queries, pairs or texts measured, over all splits.
        num_embedded: Texts that an embedder read for it; others were kept from earlier.
        seconds: Time it took when it was measured.
    """

    folder: str
    name: str
    task: str
    benchmark_type: str
    metric: str
    num_splits: int
    values: Mapping[str, float]
    compared: Mapping[str, Comparison]
    num_queries: int
    num_embedded: int
    seconds: float


def suite_rows(reports: Sequence[Mapping[str, Any]], split: str) -> list[SuiteRow]:
    """Group the reports of single splits.

    Args:
        reports: As `embedrank eval --json` prints them.
        split: The split asked for, such as `test`.

    Returns:
        One row for each set, family of splits, and task, in the order of the reports.
    """
    groups: dict[tuple[str, str, str], list[Mapping[str, Any]]] = {}
    for report in reports:
        family = str(report["split"]).split(".")[0]
        groups.setdefault((Path(report["data"]).name, family, report["task"]), []).append(report)
    return [
        _row(name, name if family == split else f"{name} {family}", task, members)
        for (name, family, task), members in groups.items()
    ]


def means_of(rows: Sequence[SuiteRow]) -> dict[str, dict[str, float]]:
    """Means over sets.

    Args:
        rows: Rows of a suite.

    Returns:
        System to `mean_task`, `mean_type` and each type of task; types of which it was not measured are absent.
    """
    found: dict[str, dict[str, list[float]]] = {}
    for row in rows:
        for system, value in row.values.items():
            found.setdefault(system, {}).setdefault(row.benchmark_type, []).append(value)
    means = {}
    for system, by_type in found.items():
        types = {kind: float(np.mean(values)) for kind, values in by_type.items()}
        every = [value for values in by_type.values() for value in values]
        means[system] = {"mean_task": float(np.mean(every)), "mean_type": float(np.mean(list(types.values()))), **types}
    return means


def suite_json(rows: Sequence[SuiteRow], reports: Sequence[Mapping[str, Any]], *, main_system: str) -> dict[str, Any]:
    """The whole suite as one object.

    Args:
        rows: Its rows.
        reports: The reports they were made of.
        main_system: System whose means come first and are compared with the paper's.

    Returns:
        Values that `json.dumps` takes.
    """
    means = means_of(rows)
    return {
        "system": main_system,
        "means": means.get(main_system, {}),
        "means_by_system": means,
        "rows": [
            {
                "set": row.name,
                "task": row.task,
                "type": row.benchmark_type,
                "metric": row.metric,
                "num_splits": row.num_splits,
                "num_queries": row.num_queries,
                "values": dict(row.values),
                "compared": {system: _plain(found) for system, found in row.compared.items()},
                "num_embedded": row.num_embedded,
                "seconds": round(row.seconds, 2),
            }
            for row in rows
        ],
        "sets": [{name: value for name, value in report.items() if name != "by_query"} for report in reports],
        "baseline": baseline_of(rows),
        "verdicts": verdicts(rows),
    }


def baseline_of(rows: Sequence[SuiteRow]) -> str | None:
    """The system that most rows compare the others with; None where no row compares."""
    firsts = Counter(next(iter(row.values)) for row in rows if row.compared)
    return firsts.most_common(1)[0][0] if firsts else None


def verdicts(rows: Sequence[SuiteRow]) -> dict[str, dict[str, int]]:
    """On how many sets a system is better or worse than the baseline.

    Args:
        rows: Rows of a suite.

    Returns:
        System to the number of rows that are `above`, `below` and `alike`, of those that compare with the baseline.
    """
    names = {1: "above", -1: "below", 0: "alike"}
    counts: dict[str, dict[str, int]] = {}
    for row in rows:
        if next(iter(row.values)) != baseline_of(rows):
            continue
        for system, found in row.compared.items():
            counts.setdefault(system, dict.fromkeys(names.values(), 0))[names[found.sign]] += 1
    return counts


def _plain(found: Comparison) -> dict[str, Any]:
    interval = [found.difference.low, found.difference.high]
    sign = found.sign
    return {"p_value": found.p_value, "difference": found.difference.mean, "difference_95": interval, "sign": sign}


def _row(folder: str, name: str, task: str, members: Sequence[Mapping[str, Any]]) -> SuiteRow:
    kind, metrics = _BEIR_TASKS.get(task) or (TASKS[task].benchmark_type, (TASKS[task].main_metric,))
    metric = next(wanted for wanted in metrics if all(wanted in member for member in members))
    systems = list(dict.fromkeys(system for member in members for system in member["systems"]))
    if task == "instruction_retrieval" and metric != "p_mrr":
        kind = "InstructionRetrieval"  # other points than those of the paper's column
    return SuiteRow(
        folder=folder,
        name=name,
        task=task,
        benchmark_type=kind,
        metric=metric,
        num_splits=len(members),
        values={
            system: float(
                np.mean([member["systems"][system][metric] for member in members if system in member["systems"]])
            )
            for system in systems
        },
        compared={system: found for system in systems[1:] if (found := _compared(systems[0], system, members))},
        num_queries=sum(_size(member) for member in members),
        num_embedded=sum(member.get("work", {}).get("embedded", 0) for member in members),
        seconds=sum(member.get("work", {}).get("seconds", 0) for member in members),
    )


def _compared(first: str, system: str, members: Sequence[Mapping[str, Any]]) -> Comparison | None:
    by_query = [member.get("by_query", {}) for member in members]
    if not all(values.get(name) for values in by_query for name in (first, system)):
        return None
    return compare_over_splits([(values[first], values[system]) for values in by_query])


def _size(report: Mapping[str, Any]) -> int:
    return next((int(report[name]) for name in ("num_queries", "num_pairs", "num_texts") if name in report), 0)
