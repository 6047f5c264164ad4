"""How long a query takes, stage by stage: one at a time, caches off, the pipeline that users get."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from embedrank.cli.console import progress

if TYPE_CHECKING:
    from embedrank.search.config import SearchConfig
    from embedrank.search.pipeline import SearchPipeline

NUM_TIMED: Final = 20
_NAMES: Final = {"lexical": "BM25", "dense": "dense", "fused": "fused"}


def timed_stages(
    pipeline: SearchPipeline, queries: Sequence[str], config: SearchConfig, *, depths: Sequence[int]
) -> list[dict[str, Any]]:
    """Time searches that stop at each stage, and such with each reranked depth.

    Args:
        pipeline: Over the corpus.
        queries: Of which the first are timed, after one that is not.
        config: Choices of all searches.
        depths: Candidates reranked; 0 is left out, which is the first stage.

    Returns:
        `system`, `depth` (None without reranking), `median_ms` and `num_queries` of each.
    """
    pipeline = _without_cache(pipeline)
    ways = list(_ways(pipeline, config, depths))
    timed = queries[:NUM_TIMED]
    points = []
    with progress("timing", len(ways)) as advance:
        for system, depth, choice in ways:
            pipeline.rank(timed[0], choice)
            seconds = []
            for query in timed:
                start = time.perf_counter()
                pipeline.rank(query, choice)
                seconds.append(time.perf_counter() - start)
            median = round(statistics.median(seconds) * 1000, 3)
            points.append({"system": system, "depth": depth, "median_ms": median, "num_queries": len(timed)})
            advance(1)
    return points


def _without_cache(pipeline: SearchPipeline) -> SearchPipeline:
    from embedrank.engine.cached_encoder import CachedEncoder

    if not isinstance(pipeline.encoder, CachedEncoder):
        return pipeline
    model: Any = pipeline.encoder.model  # an encoder, of which the cache asks for less
    return replace(pipeline, encoder=model)


def _ways(
    pipeline: SearchPipeline, config: SearchConfig, depths: Sequence[int]
) -> Iterator[tuple[str, int | None, SearchConfig]]:
    modes = list(_NAMES) if config.mode == "fused" else [config.mode]
    for mode in modes:
        yield _NAMES[mode], None, replace(config, mode=mode, rerank=False)
    if pipeline.reranker is not None:
        for depth in depths:
            if depth:
                yield f"{_NAMES[config.mode]}+rerank", depth, replace(config, rerank_depth=depth)
