"""An embedder as an mteb model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Protocol, runtime_checkable

import numpy as np
from mteb.abstasks.task_metadata import TaskMetadata
from mteb.models.abs_encoder import AbsEncoder
from mteb.models.model_meta import ModelMeta
from mteb.types import BatchedInput, PromptType
from torch.utils.data import DataLoader

from embedrank.core.protocols import Encoder
from embedrank.core.types import Encoded, FloatArray
from embedrank.evaluation.mteb.side import Side
from embedrank.evaluation.mteb.task_prompt import TaskPrompt

_TEXTS_PER_CALL: Final = 1024


@runtime_checkable
class TellingEncoder(Protocol):
    """An encoder that tells which texts it cut."""

    def encode_queries_reported(
        self, texts: Sequence[str], *, instruction: str | None = None, dim: int | None = None
    ) -> Encoded:
        """Vectors, tokens and truncations of queries."""
        ...

    def encode_documents_reported(self, texts: Sequence[str], *, dim: int | None = None) -> Encoded:
        """Vectors, tokens and truncations of documents."""
        ...


class MtebEncoder(AbsEncoder):
    """What mteb calls for vectors; cosines are computed by mteb's own base class.

    Attributes:
        mteb_model_meta: Name, revision and settings, as they are written beside the results.
    """

    def __init__(
        self,
        encoder: Encoder,
        prompts: Mapping[str, TaskPrompt],
        meta: ModelMeta,
        *,
        dim: int | None = None,
        on_texts: Callable[[int], None] | None = None,
    ) -> None:
        """Hand an embedder to mteb.

        Args:
            encoder: The model. One that is a `TellingEncoder` has its truncations counted.
            prompts: Task name to what is put before its texts; every task that is run is in it.
            meta: Says that vectors are compared by cosine.
            dim: Leading dimensions to use; None for all.
            on_texts: Called with the number of texts each time some are done.
        """
        self.mteb_model_meta: ModelMeta = meta
        self._encoder, self._prompts, self._dim = encoder, prompts, dim
        self._on_texts = on_texts or (lambda count: None)
        self._counts: Counter[str] = Counter()

    @property
    def counts(self) -> Mapping[str, int]:
        """So far: `texts`, and those that the model read only the beginning of (`truncated`)."""
        return {name: self._counts[name] for name in ("texts", "truncated")}

    def encode(
        self,
        inputs: DataLoader[BatchedInput],
        *,
        task_metadata: TaskMetadata,
        hf_split: str,
        hf_subset: str,
        prompt_type: PromptType | None = None,
        **kwargs: Any,
    ) -> FloatArray:
        """Vectors of all texts of a loader.

        Args:
            inputs: Batches with a list of texts under `text`.
            task_metadata: Names the task, which decides the prompt.
            hf_split: Makes no difference.
            hf_subset: Makes no difference.
            prompt_type: Query, document, or None for texts of tasks without sides.
            **kwargs: Batch size and the like, which the model chooses itself.

        Returns:
            Float32 `[n, dim]`, unit rows.
        """
        texts = [text for batch in inputs for text in batch["text"]]
        side = self._prompts[task_metadata.name].side(prompt_type)
        vectors = np.empty((len(texts), self._dim or self._encoder.dim), dtype=np.float32)
        for start in range(0, len(texts), _TEXTS_PER_CALL):
            part = texts[start : start + _TEXTS_PER_CALL]
            vectors[start : start + len(part)] = self._encoded(part, side)
            self._counts["texts"] += len(part)
            self._on_texts(len(part))
        return vectors

    def _encoded(self, texts: list[str], side: Side) -> FloatArray:
        model, dim, instruction = self._encoder, self._dim, side.instruction
        if not isinstance(model, TellingEncoder):
            if side.is_query:
                return model.encode_queries(texts, instruction=instruction, dim=dim)
            return model.encode_documents(texts, dim=dim)
        encoded = (
            model.encode_queries_reported(texts, instruction=instruction, dim=dim)
            if side.is_query
            else model.encode_documents_reported(texts, dim=dim)
        )
        self._counts["truncated"] += len(encoded.truncations)
        return encoded.vectors
