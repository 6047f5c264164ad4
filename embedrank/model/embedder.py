"""Texts to unit vectors: prompt, tokenise, pack, run, pool, put back in order."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from embedrank.core.errors import CheckpointError, InvalidInputError, NumericalError
from embedrank.core.types import Encoded, FloatArray, Truncation
from embedrank.model.attention_backends import AUTO
from embedrank.model.config import DecoderConfig
from embedrank.model.cuda_graphs import GraphedDecoder
from embedrank.model.decoder import Decoder
from embedrank.model.native.use import steady
from embedrank.model.packing import Pack, pack_by_budget
from embedrank.model.pooling import pooled, read_pooling, unit_prefix
from embedrank.model.precision import choose_device
from embedrank.model.prepare import prepare_decoder
from embedrank.model.prompting import PromptPolicy
from embedrank.model.provenance import max_length_of, model_kind, search_advice
from embedrank.model.resolve import resolve
from embedrank.model.texts import checked_texts
from embedrank.model.tokenizer import TextTokenizer
from embedrank.model.weights import Weights

MIN_DIM = 32
_TEXTS_AT_ONCE = 2048  # texts tokenised and sorted together; bounds memory on long lists
Progress = Callable[[int, int], None]


class Embedder:
    """An embedding model of the Qwen3 architecture.

    Attributes:
        name: What it was loaded by.
        fingerprint: Hash of weights, shape, tokenizer, pooling and prompts.
        dim: Largest number of dimensions.
        max_length: Most tokens read of a text, end token included.
        prompts: What stands before queries and documents.
    """

    def __init__(
        self,
        decoder: Decoder | GraphedDecoder,
        tokenizer: TextTokenizer,
        *,
        prompts: PromptPolicy | None = None,
        pooling: str = "lasttoken",
        max_length: int | None = None,
        name: str = "unnamed",
        fingerprint: str = "",
        max_batch_tokens: int = 4096,
        strict: bool = False,
        plain_text: bool = False,
        search_advice: Mapping[str, Any] | None = None,
    ) -> None:
        """Put an embedder together; `load` does it from a folder.

        Args:
            decoder: The weights.
            tokenizer: Its tokenizer.
            prompts: What stands before queries and documents; None for the official defaults.
            pooling: `lasttoken`, `mean` or `cls`.
            max_length: Most tokens read of a text; None for all positions of the decoder.
            name: How it is called in errors and indexes.
            fingerprint: Hash of everything that decides the vectors.
            max_batch_tokens: Tokens computed in one pass.
            strict: Whether every text is computed alone, so that no neighbour can change a bit of its vector; slower.
            plain_text: Whether special tokens spelled in texts are read as plain text.
            search_advice: Fusion and weight that suit it in search.

        Raises:
            InvalidInputError: If `max_length` is out of range.
        """
        self._search_advice = search_advice or {}
        self.name = name
        self.fingerprint = fingerprint
        self.dim = decoder.config.hidden_size
        self.max_length = max_length or decoder.config.max_position_embeddings
        if not 1 <= self.max_length <= decoder.config.max_position_embeddings:
            raise InvalidInputError(
                "max_length", f"{self.max_length} is outside 1..{decoder.config.max_position_embeddings}"
            )
        self.prompts = prompts or PromptPolicy()
        self._decoder, self._tokenizer, self._pooling = decoder, tokenizer, pooling
        self._plain_text = plain_text
        self._max_batch_tokens = 1 if strict else max_batch_tokens  # a longer text gets a pack of its own

    @classmethod
    def load(
        cls,
        name: str,
        *,
        device: str | None = None,
        dtype: str | None = None,
        attention: str = AUTO,
        native: str = "auto",
        cuda_graphs: bool = False,
        max_length: int | None = None,
        max_batch_tokens: int = 4096,
        strict: bool = False,
        plain_text: bool = False,
        revision: str | None = None,
    ) -> Embedder:
        """Load a model.

        Args:
            name: `nano`, `0.6b`, `4b`, `8b`, a folder, or a hub id.
            device: `cpu`, `cuda`, `cuda:1`, `mps`; None takes the fastest present.
            dtype: `bf16`, `fp32`, `fp16`, `fp8` (Hopper), `int8` or `int4` (CPU); None takes bf16 where the hardware is
                fast at it, else fp32.
            attention: How attention is computed: a key of `BACKENDS`, or `auto` for the best one that can run.
            native: Whether our own kernels for CPU are used: `auto` as soon as they are built, which a machine needs
                once; `wait` waits for that, as `strict` does; `off` never.
            cuda_graphs: Whether small batches are replayed from recorded graphs, on CUDA.
            max_length: Most tokens read of a text; None takes the model's own limit.
            max_batch_tokens: Tokens computed in one pass.
            strict: Whether every text is computed alone, so that no neighbour can change a bit of its vector; slower.
            plain_text: Whether special tokens spelled in texts are read as plain text; the official code parses them.
            revision: Branch, tag or commit on the hub.

        Returns:
            The model.

        Raises:
            ModelNotFoundError: If there is no such model.
            CheckpointError: If its folder is damaged, incomplete or holds another kind of model.
            InvalidInputError: If device, dtype, attention or native is unknown or cannot be used here.
        """
        folder = resolve(name, kind="embedder", revision=revision)
        if model_kind(folder) == "reranker":
            raise CheckpointError(folder, "is a reranker", hint="load it with Reranker.load")
        config, weights = DecoderConfig.from_json(folder / "config.json"), Weights(folder)
        on, native = choose_device(device), steady(native) if strict else native
        decoder = prepare_decoder(weights, config, device=on, dtype=dtype, attention=attention, native=native)
        prompts, pooling = PromptPolicy.load(folder), read_pooling(folder)
        return cls(
            GraphedDecoder(decoder) if cuda_graphs else decoder,
            TextTokenizer.load(folder),
            prompts=prompts,
            pooling=pooling,
            max_length=max_length or max_length_of(folder, config.max_position_embeddings),
            name=name,
            fingerprint=_fingerprint(weights, folder, pooling, prompts),
            max_batch_tokens=max_batch_tokens,
            strict=strict,
            plain_text=plain_text,
            search_advice=search_advice(folder),
        )

    @property
    def recommended_fusion(self) -> str | None:
        """How search had best fuse this model's ranking with BM25's; None where its maker does not say."""
        advice = self._search_advice.get("fusion")
        return advice if isinstance(advice, str) else None

    @property
    def recommended_dense_weight(self) -> float:
        """Weight of the dense list in that fusion, beside 1 for BM25."""
        return float(self._search_advice.get("dense_weight", 1.0))

    @property
    def default_instruction(self) -> str | None:
        """The task put before queries when none is given; None where the model reads queries raw."""
        return self.prompts.default_instruction

    def encode_queries(
        self, texts: Sequence[str], *, instruction: str | None = None, dim: int | None = None
    ) -> FloatArray:
        """Vectors of queries.

        Args:
            texts: The queries.
            instruction: The task in one English sentence; None takes the model's own, an empty string none at all.
            dim: Numbers per vector, 32 to `self.dim`; None takes all.

        Returns:
            Float32 `[n, dim]`, unit rows, in the order of the texts.

        Raises:
            InvalidInputError: If `texts` is no list of strings or `dim` is out of range.
            TokenIdError: If a text uses a token that the model has no row for.
        """
        return self.encode_queries_reported(texts, instruction=instruction, dim=dim).vectors

    def encode_documents(
        self, texts: Sequence[str], *, dim: int | None = None, on_progress: Progress | None = None
    ) -> FloatArray:
        """Vectors of documents.

        Args:
            texts: The documents.
            dim: Numbers per vector, 32 to `self.dim`; None takes all.
            on_progress: Called with texts done and texts in all.

        Returns:
            Float32 `[n, dim]`, unit rows, in the order of the texts.

        Raises:
            InvalidInputError: If `texts` is no list of strings or `dim` is out of range.
            TokenIdError: If a text uses a token that the model has no row for.
        """
        return self.encode_documents_reported(texts, dim=dim, on_progress=on_progress).vectors

    def encode_queries_reported(
        self, texts: Sequence[str], *, instruction: str | None = None, dim: int | None = None
    ) -> Encoded:
        """As `encode_queries`, with token counts and truncations."""
        checked = checked_texts(texts, "queries")
        return self._encode([self.prompts.query(text, instruction) for text in checked], dim, None)

    def encode_documents_reported(
        self, texts: Sequence[str], *, dim: int | None = None, on_progress: Progress | None = None
    ) -> Encoded:
        """As `encode_documents`, with token counts and truncations."""
        checked = checked_texts(texts, "documents")
        return self._encode([self.prompts.document(text) for text in checked], dim, on_progress)

    @property
    def precision(self) -> str:
        """What decides the vectors beside the fingerprint, such as `float32` or `int8 in float32, plain text`."""
        return self._decoder.precision + (", plain text" if self._plain_text else "")

    @property
    def num_bytes(self) -> int:
        """Memory that its weights take."""
        return self._decoder.num_bytes

    @property
    def tokenizer(self) -> TextTokenizer:
        """What reads its texts."""
        return self._tokenizer

    @property
    def plain_text(self) -> bool:
        """Whether special tokens spelled in texts are read as plain text."""
        return self._plain_text

    def tokenize(self, texts: Sequence[str]) -> list[tuple[list[int], int]]:
        """Token ids of texts that carry their prompts already (see `prompts`).

        Args:
            texts: Prompted texts.

        Returns:
            For each text its ids, cut to `max_length`, and the number it has uncut.
        """
        return self._tokenizer.encode_ended(texts, max_length=self.max_length, plain=self._plain_text)

    def encode_tokens(self, sequences: Sequence[list[int]], *, dim: int | None = None) -> FloatArray:
        """Vectors of token ids as `tokenize` gives them; the half of encoding that needs the device.

        Args:
            sequences: Token ids, none empty.
            dim: Numbers per vector; None takes all.

        Returns:
            Float32 `[n, dim]`, unit rows, in the order of the sequences.

        Raises:
            InvalidInputError: If `dim` is out of range.
            TokenIdError: If an id is outside the embedding table.
            NumericalError: If a vector is not finite.
        """
        vectors = np.empty((len(sequences), self.checked_dim(dim)), dtype=np.float32)
        for indices, rows in self._run(sequences, vectors.shape[1]):
            vectors[indices] = rows
        if not np.isfinite(vectors).all():
            raise NumericalError(self.name, "vectors")
        return vectors

    def _encode(self, texts: Sequence[str], dim: int | None, on_progress: Progress | None) -> Encoded:
        width = self.checked_dim(dim)
        vectors = np.empty((len(texts), width), dtype=np.float32)
        num_tokens: list[int] = []
        truncations: list[Truncation] = []
        for start in range(0, len(texts), _TEXTS_AT_ONCE):
            part = self.tokenize(texts[start : start + _TEXTS_AT_ONCE])
            for index, (ids, uncut) in enumerate(part, start=start):
                num_tokens.append(len(ids))
                if uncut > len(ids):
                    truncations.append(Truncation(index=index, num_tokens=uncut, kept_tokens=len(ids)))
            done = start
            for indices, rows in self._run([ids for ids, _ in part], width):
                vectors[[start + index for index in indices]] = rows
                done += len(indices)
                if on_progress is not None:
                    on_progress(done, len(texts))
        if not np.isfinite(vectors).all():
            raise NumericalError(self.name, "vectors")
        return Encoded(vectors=vectors, num_tokens=num_tokens, truncations=truncations)

    @torch.inference_mode()
    def _run(self, sequences: Sequence[list[int]], dim: int) -> Iterator[tuple[list[int], FloatArray]]:
        for indices in pack_by_budget([len(ids) for ids in sequences], max_tokens=self._max_batch_tokens):
            pack = Pack.of([sequences[index] for index in indices], device=self._decoder.device)
            yield indices, unit_prefix(pooled(self._decoder, pack, self._pooling), dim).cpu().numpy()

    def checked_dim(self, dim: int | None) -> int:
        """The number of dimensions that is meant.

        Args:
            dim: What a caller asked for; None for all.

        Returns:
            A number in 32 to `self.dim`.

        Raises:
            InvalidInputError: If it is out of range.
        """
        smallest = min(MIN_DIM, self.dim)
        if dim is None:
            return self.dim
        if isinstance(dim, bool) or not isinstance(dim, int) or not smallest <= dim <= self.dim:
            raise InvalidInputError("dim", f"{dim!r} is not a whole number in {smallest}..{self.dim}")
        return dim


def _fingerprint(weights: Weights, folder: Path, pooling: str, prompts: PromptPolicy) -> str:
    digest = hashlib.sha256(weights.fingerprint())
    for part in (folder / "config.json", folder / "tokenizer.json"):
        digest.update(part.read_bytes())
    digest.update(repr((pooling, prompts.query_prefix, prompts.document_prefix)).encode())
    return digest.hexdigest()[:32]
