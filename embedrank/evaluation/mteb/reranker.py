"""A reranker as an mteb cross-encoder."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from itertools import groupby
from typing import Any, Protocol, runtime_checkable

import numpy as np
from mteb.abstasks.task_metadata import TaskMetadata
from mteb.models.model_meta import ModelMeta
from mteb.types import BatchedInput, PromptType
from torch.utils.data import DataLoader

from embedrank.core.protocols import Reranker
from embedrank.core.types import FloatArray, Judged


@runtime_checkable
class TellingReranker(Protocol):
    """A reranker that tells which documents it cut."""

    def judge(self, query: str, documents: list[str], *, instruction: str | None = None) -> Judged:
        """Logits, tokens and truncations."""
        ...


class MtebReranker:
    """What mteb calls for scores of pairs. A score is the logit, which keeps the order where probabilities are all 1.

    Attributes:
        mteb_model_meta: Name, revision and settings, as they are written beside the results.
    """

    def __init__(
        self,
        reranker: Reranker,
        meta: ModelMeta,
        *,
        instruction: str | None = None,
        on_pairs: Callable[[int], None] | None = None,
    ) -> None:
        """Hand a reranker to mteb.

        Args:
            reranker: The model. One that is a `TellingReranker` has its truncations counted.
            meta: Of the model.
            instruction: The task where a data set gives none with its queries; None takes the template's.
            on_pairs: Called with the number of pairs each time some are done.
        """
        self.mteb_model_meta = meta
        self._reranker, self._instruction = reranker, instruction
        self._on_pairs = on_pairs or (lambda count: None)
        self._counts: Counter[str] = Counter()

    @property
    def counts(self) -> Mapping[str, int]:
        """So far: pairs (`texts`), and those of which the document was cut (`truncated`)."""
        return {name: self._counts[name] for name in ("texts", "truncated")}

    def predict(
        self,
        inputs1: DataLoader[BatchedInput],
        inputs2: DataLoader[BatchedInput],
        *,
        task_metadata: TaskMetadata,
        hf_split: str,
        hf_subset: str,
        prompt_type: PromptType | None = None,
        **kwargs: Any,
    ) -> FloatArray:
        """Logits of pairs.

        Args:
            inputs1: Queries under `text`, repeated for each of their documents; tasks may follow under `instruction`.
            inputs2: The documents, in the same order.
            task_metadata: Makes no difference.
            hf_split: Makes no difference.
            hf_subset: Makes no difference.
            prompt_type: Makes no difference.
            **kwargs: Batch size and the like, which the model chooses itself.

        Returns:
            Float32 `[n]`, higher is better.
        """
        queries = [pair for batch in inputs1 for pair in self._tasks(batch)]
        documents = [text for batch in inputs2 for text in batch["text"]]
        logits: list[FloatArray] = []
        for (query, instruction), group in groupby(zip(queries, documents, strict=True), key=lambda pair: pair[0]):
            logits.append(self._judged(query, [document for _, document in group], instruction))
        return np.concatenate(logits) if logits else np.empty(0, np.float32)

    def _tasks(self, batch: Mapping[str, Any]) -> list[tuple[str, str | None]]:
        instructions = batch.get("instruction") or [self._instruction] * len(batch["text"])
        return list(zip(batch["text"], instructions, strict=True))

    def _judged(self, query: str, documents: list[str], instruction: str | None) -> FloatArray:
        self._counts["texts"] += len(documents)
        if isinstance(self._reranker, TellingReranker):
            judged = self._reranker.judge(query, documents, instruction=instruction)
            self._counts["truncated"] += len(judged.truncations)
            logits = judged.logits
        else:
            logits = self._reranker.logits(query, documents, instruction=instruction)
        self._on_pairs(len(documents))
        return logits
