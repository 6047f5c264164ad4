"""A model that is about to be exported: its parts, opened but not read into memory."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from embedrank.core.errors import InvalidInputError
from embedrank.model.config import DecoderConfig
from embedrank.model.decoder import Decoder
from embedrank.model.embedder import Embedder
from embedrank.model.head import YesNoHead, read_head
from embedrank.model.pooling import read_pooling
from embedrank.model.prompting import PromptPolicy
from embedrank.model.provenance import EMBEDDER, FILE, RERANKER, max_length_of, model_kind, read_json
from embedrank.model.reranker import DEFAULT_MAX_LENGTH, Reranker
from embedrank.model.resolve import resolve
from embedrank.model.tokenizer import TextTokenizer
from embedrank.model.weights import Weights, load_decoder

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The model and everything that an export says of it.

    Attributes:
        name: How it was asked for.
        kind: `embedder` or `reranker`.
        folder: Where it is.
        config: Shape of the decoder.
        weights: Its tensors, mapped.
        tokenizer: Its tokenizer.
        prompts: What an embedder puts before texts.
        pooling: How an embedder pools.
        max_length: Most tokens of a text or prompt.
        provenance: The content of its `embedrank.json`.
    """

    name: str
    kind: str
    folder: Path
    config: DecoderConfig
    weights: Weights
    tokenizer: TextTokenizer
    prompts: PromptPolicy
    pooling: str
    max_length: int
    provenance: dict[str, Any]

    @classmethod
    def open(cls, name: str, *, kind: str | None = None, kinds: tuple[str, ...] = (EMBEDDER, RERANKER)) -> Source:
        """Find a model and what it is.

        Args:
            name: Preset, folder or hub id.
            kind: `embedder` or `reranker`; None finds out, and takes a preset's embedder where both will do.
            kinds: What the format holds.

        Returns:
            The model.

        Raises:
            InvalidInputError: If the model is of another kind than asked for or than the format holds.
        """
        folder = resolve(name, kind=kind or kinds[0])
        found = model_kind(folder) or _kind_of_causal(folder)
        if found is None and kind is None:
            raise InvalidInputError(name, "does not say whether it embeds or reranks", hint="say so with kind")
        if None not in (found, kind) and found != kind:
            raise InvalidInputError(name, f"is a model of kind {found}, not {kind}")
        if (kind or found) not in kinds:
            raise InvalidInputError(
                name,
                f"is a model of kind {found}; this format holds {' or '.join(kinds)}",
                hint="choose another format",
            )
        config = DecoderConfig.from_json(folder / "config.json")
        reads = max_length_of(folder, config.max_position_embeddings)
        settled = kind or found or EMBEDDER
        return cls(
            name=name,
            kind=settled,
            folder=folder,
            config=config,
            weights=Weights(folder),
            tokenizer=TextTokenizer.load(folder),
            prompts=PromptPolicy.load(folder),
            pooling=read_pooling(folder),
            max_length=reads if settled == EMBEDDER else min(reads, DEFAULT_MAX_LENGTH),
            provenance=read_json(folder / FILE),
        )

    @property
    def stored_dtype(self) -> str | None:
        """Type the weights are stored in, as a key of `DTYPES`; None for any other."""
        stored = self.weights.stored_dtype
        return next((name for name, dtype in DTYPES.items() if dtype is stored), None)

    def decoder(self, dtype: torch.dtype = torch.float32) -> Decoder:
        """The decoder on CPU; of the stored type it stays mapped, of another it is a copy."""
        return load_decoder(self.weights, self.config, dtype=dtype, device=torch.device("cpu"))

    def head(self) -> YesNoHead:
        """A reranker's rows of no and yes."""
        return read_head(self.weights, self.config, self.tokenizer)

    def embedder(self, dtype: torch.dtype) -> Embedder:
        """The model as this library runs it."""
        return Embedder(
            self.decoder(dtype),
            self.tokenizer,
            prompts=self.prompts,
            pooling=self.pooling,
            max_length=self.max_length,
            name=self.name,
        )

    def reranker(self, dtype: torch.dtype) -> Reranker:
        """The model as this library runs it."""
        return Reranker(self.decoder(dtype), self.head(), self.tokenizer, max_length=self.max_length, name=self.name)


def _kind_of_causal(folder: Path) -> str | None:
    """A causal language model without a pooling module is what the official rerankers are."""
    architectures = read_json(folder / "config.json").get("architectures") or []
    return RERANKER if "Qwen3ForCausalLM" in architectures else None
