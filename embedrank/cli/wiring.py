"""How commands get their models. Tests hand in their own; the real ones are imported when first asked for."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import typer

from embedrank.cli.rivals import rival_embedder, rival_reranker

if TYPE_CHECKING:
    from embedrank.cli.kept_corpora import KeptCorpora
    from embedrank.cli.model_protocols import NamedEncoder, TellingReranker
    from embedrank.core.protocols import Reranker


DEFAULT_MODEL = "nano"


def native_choice() -> str:
    """When models of this run use the kernels for CPU; a model refuses what it does not know.

    Returns:
        `EMBEDRANK_NATIVE`, or `auto` where it is not set.
    """
    return os.environ.get("EMBEDRANK_NATIVE") or "auto"


def load_embedder(
    name: str, *, dtype: str | None = None, device: str | None = None, max_length: int | None = None
) -> NamedEncoder:
    """Load an embedder.

    Args:
        name: Preset, folder or hub id, or one of others (see `rivals`).
        dtype: As `Embedder.load` takes it.
        device: Likewise.
        max_length: Most tokens read of a text, where the model would read more; models of others keep their own.

    Returns:
        The model.
    """
    rival = rival_embedder(name, dtype=dtype, device=device)
    if rival is not None:
        return rival
    from embedrank.model.embedder import Embedder

    model = Embedder.load(name, dtype=dtype, device=device, native=native_choice())
    model.max_length = min(model.max_length, max_length or model.max_length)
    return model


def load_reranker(
    name: str, *, dtype: str | None = None, device: str | None = None, template: str = "default"
) -> TellingReranker:
    """Load a reranker.

    Args:
        name: Preset, folder or hub id, or one of others (see `rivals`).
        dtype: As `Reranker.load` takes it.
        device: Likewise.
        template: Likewise; models of others have their own.

    Returns:
        The model.
    """
    rival = rival_reranker(name, dtype=dtype, device=device)
    if rival is not None:
        return rival
    from embedrank.model.reranker import Reranker

    return Reranker.load(name, dtype=dtype, device=device, template=template, native=native_choice())


def partner_of(embedder: str) -> str | None:
    """The reranker that belongs to an embedder.

    Args:
        embedder: Name of an embedder.

    Returns:
        The same name if it is a preset, else None.
    """
    from embedrank.model.presets import presets

    return embedder if embedder in presets() else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wiring:
    """The ways to get a model.

    Attributes:
        embedder: Name to embedder; told `dtype` and `device` where the user says them.
        reranker: Name to reranker, likewise.
        partner: Embedder name to the name of its reranker, if it has one.
        corpora: Keeps the index of a corpus for all trials over it; None where each makes its own.
    """

    embedder: Callable[..., NamedEncoder] = load_embedder
    reranker: Callable[..., TellingReranker] = load_reranker
    partner: Callable[[str], str | None] = partner_of
    corpora: KeptCorpora | None = None

    def reranker_for(self, embedder: str, asked: str | None) -> Reranker | None:
        """The reranker that was asked for, else the embedder's partner, else none.

        Args:
            embedder: Name of the embedder.
            asked: Name of a reranker, if the user gave one.

        Returns:
            The model, or None where the embedder has no partner.
        """
        name = asked or self.partner(embedder)
        return None if name is None else self.reranker(name)


def wiring_of(context: typer.Context, *, dtype: str | None = None, device: str | None = None) -> Wiring:
    """The wiring that this run was started with.

    Args:
        context: The command's context.
        dtype: Numbers that its models compute in; None leaves it to them.
        device: Where they compute; None leaves it to them.

    Returns:
        The wiring.
    """
    wiring = context.obj if isinstance(context.obj, Wiring) else Wiring()
    said = {name: value for name, value in {"dtype": dtype, "device": device}.items() if value is not None}
    if not said:
        return wiring
    return replace(wiring, embedder=partial(wiring.embedder, **said), reranker=partial(wiring.reranker, **said))
