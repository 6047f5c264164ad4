"""How a model comes into memory. Tests put in models of a few lines."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeAlias

from embedrank.serving.settings import Kind, ModelSettings

if TYPE_CHECKING:
    from embedrank.model.embedder import Embedder
    from embedrank.model.reranker import Reranker

    Model: TypeAlias = Embedder | Reranker


class Loader(Protocol):
    """Gets models; both methods run in a thread of their own and may take long."""

    def size_of(self, kind: Kind, name: str, settings: ModelSettings) -> int:
        """Bytes that the weights will take, as far as can be said before they are loaded."""
        ...

    def load(self, kind: Kind, name: str, settings: ModelSettings) -> Model:
        """The model, ready to compute."""
        ...


class CheckpointLoader:
    """Loads from presets, folders and the hub: safetensors only, and no code of the checkpoint is ever run."""

    def size_of(self, kind: Kind, name: str, settings: ModelSettings) -> int:
        """Size of the weight files; a download, if there has to be one, happens here.

        Args:
            kind: Half of a preset that is meant.
            name: Name clients say.
            settings: What to load.

        Returns:
            Bytes.
        """
        from embedrank.model.resolve import resolve

        folder: Path = resolve(settings.source or name, kind=kind, revision=settings.revision)
        return sum(path.stat().st_size for path in folder.glob("*.safetensors"))

    def load(self, kind: Kind, name: str, settings: ModelSettings) -> Model:
        """Load a model.

        Args:
            kind: Embedder or reranker.
            name: Name clients say; the model bears it from then on.
            settings: What to load, and how.

        Returns:
            The model.
        """
        from embedrank.model.embedder import Embedder
        from embedrank.model.reranker import Reranker

        source, plain = settings.source or name, not settings.parse_special_tokens
        how = {field: getattr(settings, field) for field in ("device", "dtype", "native", "max_length", "revision")}
        model: Model
        if kind == "embedder":
            model = Embedder.load(source, plain_text=plain, **how)
        else:
            model = Reranker.load(source, plain_text=plain, template=settings.template, **how)
        model.name = name  # the source may be a path, which is nobody's business
        return model
