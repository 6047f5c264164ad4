"""A pipeline over a whole set of queries, each stage kept as a system of its own, for evaluation to compare."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeAlias

from embedrank.core.types import Scored
from embedrank.search.blend import blended
from embedrank.search.config import SearchConfig
from embedrank.search.pipeline import SearchPipeline
from embedrank.search.ranking import Ranking
from embedrank.search.rerank import blend_choice

SystemRuns: TypeAlias = dict[str, dict[str, Sequence[Scored]]]


def staged_runs(
    pipeline: SearchPipeline,
    queries: Mapping[str, str],
    config: SearchConfig,
    *,
    weights: Sequence[float] = (),
    on_query: Callable[[], None] | None = None,
) -> SystemRuns:
    """Run every query once and read all systems off its stages.

    Args:
        pipeline: What is tried.
        queries: Query id to text.
        config: Choices of all searches; `recall` is how deep the runs go.
        weights: Further reranker shares to try on the same verdicts, each a system named `… w=0.5`; costs no model run.
        on_query: Called after each query, for a progress bar.

    Returns:
        System name (`BM25`, `dense`, `fused`, and the last of them with `+rerank`) to query id to ranked chunk ids.
    """
    runs: SystemRuns = {}
    for query_id, ranking in zip(queries, pipeline.rank_many(list(queries.values()), config), strict=True):
        for system, rows in systems_of(ranking, pipeline, config, weights=weights).items():
            runs.setdefault(system, {})[query_id] = rows
        if on_query is not None:
            on_query()
    return runs


def systems_of(
    ranking: Ranking, pipeline: SearchPipeline, config: SearchConfig, *, weights: Sequence[float] = ()
) -> dict[str, Sequence[Scored]]:
    """All systems that can be read off one ranking.

    Args:
        ranking: What the pipeline said.
        pipeline: The pipeline.
        config: What it was asked with; `recall` is how deep the lists go.
        weights: As in `staged_runs`.

    Returns:
        System name to ranked chunk ids, each stage before the next.
    """
    names = {"lexical": "BM25", "dense": "dense", "fused": "fused"}
    systems = {names[stage]: ranking.recalled[stage] for stage in names if stage in ranking.recalled}
    if pipeline.reranker is not None and config.rerank:
        last = list(systems)[-1]
        _, method = blend_choice(config, pipeline.reranker)
        for weight in weights:
            systems[f"{last}+rerank w={weight:g}"] = blended(
                ranking.candidates, ranking.logits, weight=weight, method=method
            )
        systems[f"{last}+rerank"] = ranking.final
    return {name: rows[: config.recall] for name, rows in systems.items()}


def at_depth(
    ranking: Ranking, pipeline: SearchPipeline, config: SearchConfig, depths: Iterable[int]
) -> dict[int, Sequence[Scored]]:
    """What the ranking would be had the reranker read fewer candidates.

    Args:
        ranking: Made with a reranker.
        pipeline: The pipeline.
        config: What it was asked with.
        depths: Candidates read, each at most the configured depth.

    Returns:
        Depth to ranked chunk ids; no model is run.
    """
    if pipeline.reranker is None:
        return {}
    weight, method = blend_choice(config, pipeline.reranker)
    lists: dict[int, Sequence[Scored]] = {}
    for depth in depths:
        read = {row.id: ranking.logits[row.id] for row in ranking.candidates[:depth] if row.id in ranking.logits}
        lists[depth] = blended(ranking.candidates, read, weight=weight, method=method)[: config.recall]
    return lists
