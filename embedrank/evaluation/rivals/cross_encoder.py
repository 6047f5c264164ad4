"""A CrossEncoder of sentence-transformers as a reranker."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from embedrank.core.errors import CheckpointError, NumericalError
from embedrank.core.types import FloatArray, Judged, Truncation
from embedrank.evaluation.rivals.model_files import files_digest
from embedrank.evaluation.rivals.probabilities import sigmoid
from embedrank.evaluation.rivals.sentence_transformers_model import load_model, longest_read
from embedrank.evaluation.rivals.token_counts import token_counts

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder

BATCH_SIZE: Final = 32


class CrossEncoderFolder:
    """A `Reranker`; its logits are the model's, before any activation.

    Attributes:
        name: How it was asked for.
        fingerprint: Hash of its files.
        max_length: Most tokens read of a pair; None where the model has no limit.
        reads_instructions: Whether the model has prompts, which an instruction then replaces.
    """

    def __init__(self, model: CrossEncoder, *, name: str, fingerprint: str) -> None:
        """Wrap a loaded model; `load` does it from a folder.

        Args:
            model: The model, with one label.
            name: How it is called in reports.
            fingerprint: Hash of everything that decides its scores.
        """
        self._model = model
        self.name, self.fingerprint = name, fingerprint
        self.max_length = longest_read(model)
        self.reads_instructions = any(model.prompts.values())

    @classmethod
    def load(cls, name: str, *, dtype: str | None = None, device: str | None = None) -> CrossEncoderFolder:
        """Load a model.

        Args:
            name: A folder, or a hub id.
            dtype: `bf16`, `fp32` or `fp16`; None chooses as for our own models.
            device: Such as `cpu` or `cuda:1`; None takes the fastest.

        Returns:
            The model.

        Raises:
            MissingPackageError: If sentence-transformers is not installed.
            ModelNotFoundError: If there is no such model.
            CheckpointError: If the library cannot load it, or it gives other than one score a pair.
        """
        model, folder = load_model("CrossEncoder", "ce", name, dtype=dtype, device=device)
        if model.num_labels != 1:
            raise CheckpointError(folder, f"gives {model.num_labels} scores a pair", hint="a reranker gives one")
        return cls(model, name=f"ce:{name}", fingerprint=files_digest(folder))

    @property
    def settings(self) -> Mapping[str, object]:
        """What decides its scores and speed beside the weights."""
        return {"batch_size": BATCH_SIZE, "max_length": self.max_length, "reads_instructions": self.reads_instructions}

    def score(self, query: str, documents: Sequence[str], *, instruction: str | None = None) -> FloatArray:
        """Float32 `[n]` in 0..1."""
        return sigmoid(self.logits(query, documents, instruction=instruction))

    def logits(self, query: str, documents: Sequence[str], *, instruction: str | None = None) -> FloatArray:
        """Scores before any activation.

        Args:
            query: The query.
            documents: What is judged.
            instruction: The task, for models that have prompts; others cannot read one.

        Returns:
            Float32 `[n]`.

        Raises:
            NumericalError: If a score is not finite.
        """
        if not documents:
            return np.empty(0, dtype=np.float32)
        from torch.nn import Identity

        scores = self._model.predict(
            [(query, text) for text in documents],
            prompt=instruction if instruction and self.reads_instructions else None,
            batch_size=BATCH_SIZE,
            show_progress_bar=False,
            activation_fn=Identity(),
        )
        logits = np.asarray(scores, dtype=np.float32).reshape(len(documents))
        if not np.isfinite(logits).all():
            raise NumericalError(self.name, "scores")
        return logits

    def judge(
        self,
        query: str,
        documents: Sequence[str],
        *,
        instruction: str | None = None,
        on_progress: Callable[[int, int], None] | None = None,
    ) -> Judged:
        """Logits, tokens and truncations; arguments as `logits`."""
        logits = self.logits(query, documents, instruction=instruction)
        counts = token_counts(self._model.tokenizer, [query] * len(documents), documents) if documents else []
        counts = counts or [0] * len(documents)
        limit = self.max_length or max(counts, default=0)
        if on_progress is not None:
            on_progress(len(documents), len(documents))
        return Judged(
            logits=logits,
            num_tokens=[min(count, limit) for count in counts],
            shared_tokens=0,
            truncations=[
                Truncation(index=place, num_tokens=count, kept_tokens=limit)
                for place, count in enumerate(counts)
                if count > limit
            ],
        )
