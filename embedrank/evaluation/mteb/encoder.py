"""An embedder as an mteb model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mteb.abstasks.task_metadata import TaskMetadata
from mteb.models.abs_encoder import AbsEncoder
from mteb.models.model_meta import ModelMeta
from mteb.types import BatchedInput, PromptType
from torch.utils.data import DataLoader

from embedrank.core.types import FloatArray
from embedrank.evaluation.cached_encoder import CachedEncoder
from embedrank.evaluation.mteb.task_prompt import TaskPrompt


class MtebEncoder(AbsEncoder):
    """What mteb calls for vectors; cosines are computed by mteb's own base class.

    Attributes:
        mteb_model_meta: Name, revision and settings, as they are written beside the results.
    """

    def __init__(self, encoder: CachedEncoder, prompts: Mapping[str, TaskPrompt], meta: ModelMeta) -> None:
        """Hand an embedder to mteb.

        Args:
            encoder: The model with its cache.
            prompts: Task name to what is put before its texts; every task that is run is in it.
            meta: Says that vectors are compared by cosine.
        """
        self.mteb_model_meta = meta
        self._encoder, self._prompts = encoder, prompts

    @property
    def counts(self) -> Mapping[str, int]:
        """Of the model with its cache: `texts`, `computed`, `truncated`."""
        return self._encoder.counts

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
        return self._encoder.encode(texts, self._prompts[task_metadata.name].side(prompt_type))
