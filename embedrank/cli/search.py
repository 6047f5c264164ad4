"""`embedrank search`: a query against an index, in two stages."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from embedrank.cli import options
from embedrank.cli.console import note, out, print_json
from embedrank.cli.wiring import Wiring, wiring_of
from embedrank.core.errors import InvalidInputError

if TYPE_CHECKING:
    from embedrank.core.types import Hit
    from embedrank.search.config import SearchConfig


def search(
    context: typer.Context,
    query: Annotated[str, typer.Argument(help="What you are looking for, in any language.")],
    index: options.Index,
    top: Annotated[int, typer.Option("--top", "-n", help="Hits to print.")] = 10,
    recall: options.Recall = 100,
    no_rerank: options.NoRerank = False,
    instruction: options.Instruction = None,
    dim: options.Dim = None,
    filters: Annotated[
        list[str] | None,
        typer.Option("--filter", help="key=value, also path=docs/ or path='*.md'. Same key twice: or."),
    ] = None,
    mode: options.Mode = "fused",
    fusion: options.Fusion = None,
    dense_weight: options.DenseWeight = None,
    lexical_weight: options.LexicalWeight = None,
    rerank_depth: options.RerankDepth = 30,
    rerank_weight: Annotated[float | None, typer.Option(help="Share of the reranker in the order, 0..1.")] = None,
    blend: options.Blend = None,
    model: Annotated[str | None, typer.Option(help="Embedder. Default: the one the index was built with.")] = None,
    reranker: options.Reranker = None,
    dtype: options.Dtype = None,
    device: options.Device = None,
    json: options.Json = False,
) -> None:
    """Search an index: dense and BM25 recall, fused, then reranked."""
    from embedrank.search.config import SearchConfig
    from embedrank.search.pipeline import require_query

    require_query(query)
    config = SearchConfig(
        top=top,
        recall=max(recall, top),
        mode=mode,
        fusion=fusion,
        dense_weight=dense_weight,
        lexical_weight=lexical_weight,
        rerank=not no_rerank,
        rerank_depth=rerank_depth,
        rerank_weight=rerank_weight,
        blend=blend,
        dim=dim,
        instruction=instruction,
    )
    where = parse_filters(filters or [])
    wiring = wiring_of(context, dtype=dtype, device=device)
    hits, seconds = _run(wiring, query, config, index, where=where, model=model, reranker=reranker)
    if json:
        from embedrank.cli.render_hits import hit_json

        print_json({"query": query, "seconds": round(seconds, 4), "hits": [hit_json(hit) for hit in hits]})
        return
    _show(hits, seconds)


def parse_filters(words: Sequence[str]) -> dict[str, object] | None:
    """Turn `key=value` words into a filter.

    Args:
        words: One word for each `--filter`.

    Returns:
        Key to value, or to the list of values where a key comes more than once; None where there are no words.

    Raises:
        InvalidInputError: If a word has no `=` or no key.
    """
    values: dict[str, list[str]] = {}
    for word in words:
        key, sign, value = word.partition("=")
        if not sign or not key:
            raise InvalidInputError("--filter", f"{word!r} is not key=value")
        values.setdefault(key, []).append(value)
    return {key: found[0] if len(found) == 1 else found for key, found in values.items()} or None


def _run(
    wiring: Wiring,
    query: str,
    config: SearchConfig,
    folder: str,
    *,
    where: dict[str, object] | None,
    model: str | None,
    reranker: str | None,
) -> tuple[list[Hit], float]:
    from embedrank.search.index import SearchIndex
    from embedrank.search.opening import built_with

    built = built_with(folder)  # first of all: a missing index is told before a model is loaded
    name = model or built
    encoder = wiring.embedder(name)
    judge = wiring.reranker_for(name, reranker) if config.rerank else None
    with SearchIndex.open(folder, embedder=encoder, reranker=judge, create=False) as index:
        start = time.perf_counter()
        ranking = index.rank(query, config, where=where)
        hits = index.hits(ranking, top=config.top)
        return hits, time.perf_counter() - start


def _show(hits: Sequence[Hit], seconds: float) -> None:
    from embedrank.cli.render_hits import print_hits

    if not hits:
        note("nothing found")
        return
    print_hits(out(), hits)
    count = f"{len(hits)} hit{'s' if len(hits) > 1 else ''}"
    stages = ", ".join(dict.fromkeys(stage for hit in hits for stage in hit.stages))
    note(f"\n{count} in {seconds * 1000:.0f} ms ({stages})")
