"""embedrank: the whole Qwen3 Embedding system, open and in one place.

The face is three names, loaded when first used so that `import embedrank` costs nothing:

    from embedrank import Embedder, Reranker, SearchIndex
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from embedrank.model.embedder import Embedder as Embedder
    from embedrank.model.reranker import Reranker as Reranker
    from embedrank.search.index import SearchIndex as SearchIndex

    __version__: str

__all__ = ["Embedder", "Reranker", "SearchIndex", "__version__"]

_HOMES = {
    "Embedder": "embedrank.model.embedder",
    "Reranker": "embedrank.model.reranker",
    "SearchIndex": "embedrank.search.index",
}


def __getattr__(name: str) -> object:
    from importlib import import_module, metadata

    if name == "__version__":
        try:
            value: object = metadata.version("embedrank")
        except metadata.PackageNotFoundError:  # run from a checkout that was never installed
            value = "0+checkout"
    elif name in _HOMES:
        value = getattr(import_module(_HOMES[name]), name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
