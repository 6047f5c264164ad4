"""Indexed corpora of one set, shared by its splits."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, TypeAlias

from embedrank.cli.trial_store import TrialStore, fill

if TYPE_CHECKING:
    from embedrank.cli.model_protocols import NamedEncoder
    from embedrank.evaluation.beir import BeirSet

Corpus: TypeAlias = tuple[str, str | None, str | None, int | None]


class KeptCorpora:
    """Stores in temporary folders; those of a set are dropped when the next set comes."""

    def __init__(self) -> None:
        """Begin with none."""
        self._folder: Path | None = None
        self._folders = ExitStack()
        self._stores: dict[Corpus, TrialStore] = {}

    def filled(self, dataset: BeirSet, encoder: NamedEncoder | None, *, dim: int | None) -> TrialStore:
        """The corpus of a split in a store, indexed at the first call for it.

        Args:
            dataset: The split; its files stay as they are meanwhile.
            encoder: Embeds the documents; None for lexical search only.
            dim: Leading dimensions to keep; None for all.

        Returns:
            The store, which lives until the next set or `close`.
        """
        if dataset.folder != self._folder:
            self.close()
            self._folder = dataset.folder
        model = (None, None) if encoder is None else (encoder.fingerprint, encoder.name)
        corpus = (dataset.corpus_prefix, *model, dim)
        if corpus not in self._stores:
            folder = self._folders.enter_context(TemporaryDirectory(prefix="embedrank-eval-"))
            self._stores[corpus] = fill(Path(folder), dataset.documents, encoder, dim=dim)
        return self._stores[corpus]

    def close(self) -> None:
        """Delete all of them."""
        self._stores.clear()
        self._folders.close()
