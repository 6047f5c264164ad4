"""Models of an evaluation: loaded once for all its sets, vectors kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from embedrank.cli.kept_corpora import KeptCorpora

if TYPE_CHECKING:
    from embedrank.cli.model_protocols import NamedEncoder
    from embedrank.cli.wiring import Wiring

VECTORS: Final = "vectors.sqlite"


@contextmanager
def kept_models(wiring: Wiring, results: Path | None) -> Iterator[Wiring]:
    """Let several sets share models and vectors, and the splits of a set its indexed corpora.

    Args:
        wiring: Loads models.
        results: Folder where vectors stay for the next call; None for memory.

    Yields:
        A wiring that loads each model once. Every embedder asked of it counts its own truncated texts.
    """
    from embedrank.engine.cached_encoder import CachedEncoder
    from embedrank.engine.caches import open_cache

    vectors = open_cache("memory://" if results is None else (results / VECTORS).resolve().as_uri())
    load: Callable[..., Any] = cache(wiring.embedder)

    def embedder(name: str, **how: Any) -> NamedEncoder:
        return CachedEncoder(load(name, **how), vectors)

    with closing(vectors), closing(KeptCorpora()) as corpora:
        yield replace(wiring, embedder=embedder, reranker=cache(wiring.reranker), corpora=corpora)
