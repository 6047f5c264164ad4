"""Models of others by name: `st:`, `openai:`, `ce:` and `rerank:`; what follows is a folder or MODEL@URL."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from embedrank.core.errors import InvalidInputError

if TYPE_CHECKING:
    from embedrank.cli.model_protocols import NamedEncoder, TellingReranker
    from embedrank.evaluation.rivals.place import Place


def _sentence_folder(rest: str, dtype: str | None, device: str | None) -> NamedEncoder:
    from embedrank.evaluation.rivals.sentence_folder import SentenceFolder

    return SentenceFolder.load(rest, dtype=dtype, device=device)


def _embeddings_endpoint(rest: str, dtype: str | None, device: str | None) -> NamedEncoder:
    from embedrank.evaluation.rivals.embeddings_endpoint import OPTIONS, EmbeddingsEndpoint
    from embedrank.evaluation.rivals.place import Place

    place = Place.parse(rest, known=OPTIONS)
    return EmbeddingsEndpoint(place, key=_key(place, "OPENAI_API_KEY"))


def _cross_encoder(rest: str, dtype: str | None, device: str | None) -> TellingReranker:
    from embedrank.evaluation.rivals.cross_encoder import CrossEncoderFolder

    return CrossEncoderFolder.load(rest, dtype=dtype, device=device)


def _rerank_endpoint(rest: str, dtype: str | None, device: str | None) -> TellingReranker:
    from embedrank.evaluation.rivals.place import Place
    from embedrank.evaluation.rivals.rerank_endpoint import OPTIONS, RerankEndpoint

    place = Place.parse(rest, known=OPTIONS)
    return RerankEndpoint(place, key=_key(place, "RERANK_API_KEY"))


EMBEDDERS: Final[Mapping[str, Callable[[str, str | None, str | None], NamedEncoder]]] = {
    "st": _sentence_folder,
    "openai": _embeddings_endpoint,
}
RERANKERS: Final[Mapping[str, Callable[[str, str | None, str | None], TellingReranker]]] = {
    "ce": _cross_encoder,
    "rerank": _rerank_endpoint,
}


def rival_embedder(name: str, *, dtype: str | None = None, device: str | None = None) -> NamedEncoder | None:
    """Load an embedder of others.

    Args:
        name: Such as `st:FOLDER` or `openai:MODEL@URL`.
        dtype: Numbers to compute in, where it computes here.
        device: Where, likewise.

    Returns:
        The model; None where the name is that of one of ours.

    Raises:
        InvalidInputError: If the name is that of a reranker.
    """
    kind, rest = _parted(name)
    if kind in RERANKERS:
        raise InvalidInputError(name, "is a reranker", hint="name it with --reranker")
    return EMBEDDERS[kind](rest, dtype, device) if kind in EMBEDDERS else None


def rival_reranker(name: str, *, dtype: str | None = None, device: str | None = None) -> TellingReranker | None:
    """Load a reranker of others.

    Args:
        name: Such as `ce:FOLDER` or `rerank:MODEL@URL`.
        dtype: Numbers to compute in, where it computes here.
        device: Where, likewise.

    Returns:
        The model; None where the name is that of one of ours.

    Raises:
        InvalidInputError: If the name is that of an embedder.
    """
    kind, rest = _parted(name)
    if kind in EMBEDDERS:
        raise InvalidInputError(name, "is an embedder", hint="name it with --embedder")
    return RERANKERS[kind](rest, dtype, device) if kind in RERANKERS else None


def is_rival_reranker(name: str) -> bool:
    """Whether a name is that of a reranker of others."""
    return _parted(name)[0] in RERANKERS


def require_own(name: str | None, *, what: str) -> None:
    """Refuse models of others where ours are needed.

    Args:
        name: Of a model; None where none is given.
        what: What needs ours.

    Raises:
        InvalidInputError: If it is one of others.
    """
    if name is not None and _parted(name)[0] in {*EMBEDDERS, *RERANKERS}:
        raise InvalidInputError(name, f"{what} needs a model of our own kind", hint="a preset, folder or hub id")


def _parted(name: str) -> tuple[str, str]:
    kind, _, rest = name.partition(":")
    return (kind, rest) if rest else ("", name)


def _key(place: Place, default: str) -> str | None:
    """The key, from the variable that the user named, which then has to be there, or from the usual one."""
    variable = place.options.get("key_env")
    if variable is not None and not os.environ.get(variable):
        raise InvalidInputError(f"{place} key_env", f"there is no environment variable {variable!r} with a key")
    return os.environ.get(variable or default) or None
