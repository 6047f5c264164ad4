"""Yes or no: does a document answer a query? One prompt prefix for all documents of a call, two rows for a head."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch

from embedrank.core.errors import CheckpointError, InvalidInputError, NumericalError
from embedrank.core.prompts import RerankTemplate, rerank_template
from embedrank.core.types import FloatArray, Judged
from embedrank.model.attention_backends import AUTO
from embedrank.model.config import DecoderConfig
from embedrank.model.decoder import Decoder, Prefix
from embedrank.model.head import YesNoHead, read_head
from embedrank.model.native.use import steady
from embedrank.model.packing import Pack, pack_by_budget
from embedrank.model.precision import choose_device
from embedrank.model.prepare import prepare_decoder
from embedrank.model.provenance import model_kind, search_advice
from embedrank.model.rerank_prompts import RerankPrompts, rerank_prompts
from embedrank.model.resolve import resolve
from embedrank.model.texts import checked_pair
from embedrank.model.tokenizer import TextTokenizer
from embedrank.model.weights import Weights

DEFAULT_MAX_LENGTH = 8192  # as in the published runs
GROUP_PADDING = 0.1  # a group behind a prefix costs a copy of it, so fewer and larger groups pay (LOG.md)


class Reranker:
    """A yes/no reranker of the Qwen3 architecture.

    Attributes:
        name: What it was loaded by.
        fingerprint: Hash of weights, tokenizer and template.
        max_length: Most tokens of a prompt; a document's tail is cut to fit.
        template: The prompt.
    """

    def __init__(
        self,
        decoder: Decoder,
        head: YesNoHead,
        tokenizer: TextTokenizer,
        *,
        template: RerankTemplate | None = None,
        max_length: int | None = None,
        plain_text: bool = False,
        name: str = "unnamed",
        fingerprint: str = "",
        max_batch_tokens: int = 4096,
        strict: bool = False,
        search_advice: Mapping[str, Any] | None = None,
    ) -> None:
        """Put a reranker together; `load` does it from a folder.

        Args:
            decoder: The weights.
            head: The rows of no and yes.
            tokenizer: Its tokenizer.
            template: The prompt; None for `default`.
            max_length: Most tokens of a prompt; None for 8192, or all positions of the decoder if fewer.
            plain_text: Whether special tokens in queries and documents are read as plain text.
            name: How it is called in errors.
            fingerprint: Hash of weights and template.
            max_batch_tokens: Tokens computed in one pass.
            strict: Whether every prompt is computed alone, so that no neighbour can change a bit of its score; slower.
            search_advice: Share and blend that suit it in search.

        Raises:
            InvalidInputError: If `max_length` is out of range.
        """
        self._search_advice = search_advice or {}
        limit = decoder.config.max_position_embeddings
        self.name = name
        self.fingerprint = fingerprint
        self.max_length = max_length or min(DEFAULT_MAX_LENGTH, limit)
        if not 1 <= self.max_length <= limit:
            raise InvalidInputError("max_length", f"{self.max_length} is outside 1..{limit}")
        self.template = template or rerank_template()
        self._decoder, self._head, self._tokenizer = decoder, head, tokenizer
        self._plain_text = plain_text
        self._max_batch_tokens, self._strict = max_batch_tokens, strict

    @classmethod
    def load(
        cls,
        name: str,
        *,
        device: str | None = None,
        dtype: str | None = None,
        attention: str = AUTO,
        native: str = "auto",
        max_length: int | None = None,
        template: str = "default",
        plain_text: bool = False,
        max_batch_tokens: int = 4096,
        strict: bool = False,
        revision: str | None = None,
    ) -> Reranker:
        """Load a model: a causal one, or one with a score head of one row or two.

        Args:
            name: `nano`, `0.6b`, `4b`, `8b`, a folder, or a hub id.
            device: `cpu`, `cuda`, `cuda:1`, `mps`; None takes the fastest present.
            dtype: `bf16`, `fp32`, `fp16`, `fp8` (Hopper), `int8` or `int4` (CPU); None takes the best for speed.
            attention: How attention is computed: a key of `BACKENDS`, or `auto` for the best one that can run.
            native: When our own kernels for CPU are used: `auto`, `wait` or `off`, as in `Embedder.load`.
            max_length: Most tokens of a prompt; None takes 8192, or less where the model has fewer positions.
            template: `default` (model card) or `report` (published evaluation).
            plain_text: Whether special tokens spelled in queries and documents are read as plain text, so that a
                document cannot close its turn and steer the score; False parses them, as the official code does.
            max_batch_tokens: Tokens computed in one pass.
            strict: Whether every prompt is computed alone, so that no neighbour can change a bit of its score; slower.
            revision: Branch, tag or commit on the hub.

        Returns:
            The model.

        Raises:
            ModelNotFoundError: If there is no such model.
            CheckpointError: If its folder is damaged, incomplete or holds another kind of model.
            InvalidInputError: If device, dtype, attention or native is unknown or cannot be used here.
        """
        folder = resolve(name, kind="reranker", revision=revision)
        if model_kind(folder) == "embedder":
            raise CheckpointError(folder, "is an embedder", hint="load it with Embedder.load")
        config = DecoderConfig.from_json(folder / "config.json")
        weights, tokenizer = Weights(folder), TextTokenizer.load(folder)
        on, native = choose_device(device), steady(native) if strict else native
        decoder = prepare_decoder(weights, config, device=on, dtype=dtype, attention=attention, native=native)
        decoder.max_padding = GROUP_PADDING
        return cls(
            decoder,
            read_head(weights, config, tokenizer).to(on),
            tokenizer,
            template=rerank_template(template),
            max_length=max_length,
            plain_text=plain_text,
            name=name,
            fingerprint=hashlib.sha256(weights.fingerprint() + template.encode()).hexdigest()[:32],
            max_batch_tokens=max_batch_tokens,
            strict=strict,
            search_advice=search_advice(folder),
        )

    @property
    def recommended_weight(self) -> float:
        """Share of this model in the final order of a search, 0..1, as its maker found out; 1 where none is told."""
        return float(self._search_advice.get("rerank_weight", 1.0))

    @property
    def recommended_blend(self) -> str:
        """How that share is mixed with recall."""
        return str(self._search_advice.get("blend", "logit"))

    def score(self, query: str, documents: Sequence[str], *, instruction: str | None = None) -> FloatArray:
        """Probability that each document answers the query.

        Args:
            query: The query.
            documents: The documents; an empty list gives an empty answer.
            instruction: The task in one English sentence; None takes the template's.

        Returns:
            Float32 `[n]` in 0..1: sigmoid of `logits`.

        Raises:
            InvalidInputError: If the query is blank or too long, or documents are no list of strings.
        """
        logits = self.logits(query, documents, instruction=instruction)
        return torch.from_numpy(logits).sigmoid().numpy()

    def logits(self, query: str, documents: Sequence[str], *, instruction: str | None = None) -> FloatArray:
        """Yes logit minus no logit, float32 `[n]`; arguments and errors as `score`."""
        return self.judge(query, documents, instruction=instruction).logits

    def judge(
        self,
        query: str,
        documents: Sequence[str],
        *,
        instruction: str | None = None,
        on_progress: Callable[[int, int], None] | None = None,
    ) -> Judged:
        """As `logits`, with token counts and truncations; `on_progress` gets documents done and documents in all."""
        texts = checked_pair(query, documents)
        if not texts:
            return Judged(logits=np.empty(0, np.float32), num_tokens=[], shared_tokens=0, truncations=[])
        prompts = self.tokenize(query, texts, instruction=instruction)
        logits = np.empty(len(texts), dtype=np.float32)
        done = 0
        for indices, part in self._run(prompts):
            logits[indices] = part
            done += len(indices)
            if on_progress is not None:
                on_progress(done, len(texts))
        shared = len(prompts.shared)
        return Judged(
            logits=logits,
            num_tokens=[shared + len(tail) for tail in prompts.tails],
            shared_tokens=shared,
            truncations=prompts.truncations,
        )

    @property
    def num_bytes(self) -> int:
        """Memory that its weights take."""
        return self._decoder.num_bytes

    @property
    def tokenizer(self) -> TextTokenizer:
        """What reads its prompts."""
        return self._tokenizer

    @property
    def plain_text(self) -> bool:
        """Whether special tokens spelled in queries and documents are read as plain text."""
        return self._plain_text

    @property
    def shares_prefix(self) -> bool:
        """Whether what the prompts of a query begin with is computed once: not if they look ahead or come alone."""
        return self._decoder.config.is_causal and not self._strict

    def tokenize(self, query: str, documents: Sequence[str], *, instruction: str | None = None) -> RerankPrompts:
        """Prompts as token ids; the half of judging that needs no device.

        Args:
            query: The query.
            documents: At least one document.
            instruction: The task; None takes the template's.

        Returns:
            The prompts, their shared front apart.

        Raises:
            InvalidInputError: If query and instruction alone leave no room for a document.
        """
        return rerank_prompts(
            query,
            documents,
            instruction=instruction,
            template=self.template,
            tokenizer=self._tokenizer,
            max_length=self.max_length,
            plain=self._plain_text,
            share=not self._strict,
        )

    @torch.inference_mode()
    def prefill(self, shared: list[int]) -> Prefix | None:
        """Compute what prompts share, once for all packs of a query; None where they share nothing."""
        return self._decoder.prefill(shared) if shared else None

    @torch.inference_mode()
    def judge_tokens(self, tails: Sequence[list[int]], prefix: Prefix | None) -> FloatArray:
        """Logits of one pack of prompts.

        Args:
            tails: Token ids after the shared front, none empty.
            prefix: The shared front, from `prefill`.

        Returns:
            Float32 `[n]`: yes minus no.

        Raises:
            TokenIdError: If an id is outside the embedding table.
            NumericalError: If a logit is not finite.
        """
        packs = [[tail] for tail in tails] if self._strict else [tails]
        logits = np.concatenate([self._judge_pack(pack, prefix) for pack in packs])
        if not np.isfinite(logits).all():
            raise NumericalError(self.name, "logits")
        return logits

    def _judge_pack(self, tails: Sequence[list[int]], prefix: Prefix | None) -> FloatArray:
        pack = Pack.of(tails, offset=prefix.num_tokens if prefix else 0, device=self._decoder.device)
        both = self._head(self._decoder(pack, prefix=prefix))
        logits: FloatArray = (both[:, 1] - both[:, 0]).cpu().numpy()
        return logits

    def _run(self, prompts: RerankPrompts) -> Iterator[tuple[list[int], FloatArray]]:
        shared, tails = prompts.shared, prompts.tails
        if not self.shares_prefix:
            shared, tails = [], [[*prompts.shared, *tail] for tail in tails]
        prefix = self.prefill(shared)
        for indices in pack_by_budget([len(tail) for tail in tails], max_tokens=self._max_batch_tokens):
            yield indices, self.judge_tokens([tails[index] for index in indices], prefix)
