"""The model that a stage starts from, and the model that it leaves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from embedrank.core.errors import CheckpointError
from embedrank.model.checkpoint import save_embedder, save_reranker
from embedrank.model.config import DecoderConfig
from embedrank.model.decoder import Decoder
from embedrank.model.head import LM_HEAD, SCORE
from embedrank.model.pooling import read_pooling
from embedrank.model.precision import choose_device
from embedrank.model.prompting import PromptPolicy
from embedrank.model.provenance import max_length_of
from embedrank.model.resolve import resolve
from embedrank.model.tokenizer import TextTokenizer
from embedrank.model.weights import Weights, load_decoder
from embedrank.training.stages.config import StageConfig
from embedrank.training.stages.replacing import replace_folder

# Largest share of padding in an attention group, by device: a GPU wants few, large calls; on a processor padding costs
# more than calls do (LOG.md).
PADDING = {"cuda": 0.2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """A model ready to learn.

    Attributes:
        folder: Where it came from.
        decoder: Float32, on the device.
        tokenizer: Its tokenizer.
        lm_head_VM: The head of an untied reranker; None elsewhere.
    """

    folder: Path
    decoder: Decoder
    tokenizer: TextTokenizer
    lm_head_VM: Tensor | None

    @classmethod
    def of(cls, config: StageConfig) -> Start:
        """Load it.

        Args:
            config: The stage.

        Returns:
            The model, all weights trainable.

        Raises:
            ModelNotFoundError: If there is no such model.
            CheckpointError: If it is damaged, or of a kind that cannot learn so.
        """
        folder = resolve(config.model, kind=config.kind)
        shape = DecoderConfig.from_json(folder / "config.json")
        if config.attention is not None:
            shape = replace(shape, is_causal=config.attention == "causal")
        weights, device = Weights(folder), choose_device(config.device)
        if config.kind == "embedder" and read_pooling(folder) != "lasttoken":
            raise CheckpointError(folder, f"pools by {read_pooling(folder)}; only the last token is trained here")
        if config.kind == "reranker" and SCORE in weights:
            raise CheckpointError(folder, "has a score head", hint="start from the causal model it was made from")
        decoder = load_decoder(weights, shape, dtype=torch.float32, device=device, trainable=True)
        decoder.max_padding = PADDING.get(device.type, 0.0)
        head = None
        if config.kind == "reranker" and not shape.tie_word_embeddings:
            if LM_HEAD not in weights:
                raise CheckpointError(folder, f"is untied and has no {LM_HEAD}", hint="start from a causal model")
            head = weights.tensor(LM_HEAD).float().to(device)
        return cls(folder=folder, decoder=decoder, tokenizer=TextTokenizer.load(folder), lm_head_VM=head)

    def save(self, target: Path, weights: Mapping[str, Tensor], config: StageConfig, told: Mapping[str, Any]) -> None:
        """Write a model of this shape with other weights.

        Args:
            target: A folder; replaced if it is there.
            weights: By the decoder's names, whole.
            config: The stage.
            told: What `embedrank.json` tells of the training.

        Raises:
            StorageError: If it cannot be written.
        """
        with torch.device("meta"):
            decoder = Decoder(self.decoder.config)
            if SCORE in weights:
                decoder.score = nn.Linear(decoder.config.hidden_size, 1, bias=False)
        decoder.load_state_dict({name: weights[name] for name in decoder.state_dict()}, assign=True)
        replace_folder(target, lambda fresh: self._write(fresh, decoder, config, told))

    def _write(self, fresh: Path, decoder: Decoder, config: StageConfig, told: Mapping[str, Any]) -> None:
        if config.kind == "embedder":
            length = config.max_length or max_length_of(self.folder, decoder.config.max_position_embeddings)
            save_embedder(
                fresh,
                decoder,
                self.tokenizer,
                prompts=PromptPolicy.load(self.folder),
                max_length=length,
                provenance=told,
            )
        else:
            head = None if hasattr(decoder, "score") else self.lm_head_VM
            save_reranker(fresh, decoder, self.tokenizer, lm_head_VM=head, provenance=told)
