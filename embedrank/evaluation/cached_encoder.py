"""Vectors of evaluation texts: each distinct text is computed once for a model and a prompt, whatever asks for it."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, runtime_checkable

import numpy as np

from embedrank.core.errors import InvalidInputError
from embedrank.core.protocols import EmbeddingCache, Encoder
from embedrank.core.types import EmbeddedText, Encoded, FloatArray

_TEXTS_AT_ONCE: Final = 1024  # computed before they are written: what a kill can lose


@runtime_checkable
class TellingEncoder(Protocol):
    """An encoder that tells how many tokens it read and which texts it cut."""

    def encode_queries_reported(self, texts: Sequence[str], *, instruction: str | None = None) -> Encoded:
        """Vectors, tokens and truncations of queries."""
        ...

    def encode_documents_reported(self, texts: Sequence[str]) -> Encoded:
        """Vectors, tokens and truncations of documents."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """How a text is put to the model.

    Attributes:
        is_query: As a query, or as a document.
        instruction: The task before a query; None takes the model's own, an empty string none at all.
    """

    is_query: bool
    instruction: str | None = None

    def __str__(self) -> str:
        """The side and its instruction, as a reader and a cache key want it."""
        if not self.is_query:
            return "document"
        return "query" if self.instruction is None else f"query: {self.instruction}"


DOCUMENT: Final = Side(is_query=False)
OWN_QUERY: Final = Side(is_query=True)


class CachedEncoder:
    """An encoder whose vectors are kept by the model's fingerprint and the text.

    Attributes:
        dim: Numbers per vector.
        fingerprint: Of the model.
    """

    def __init__(
        self,
        encoder: Encoder,
        cache: EmbeddingCache,
        *,
        dim: int | None = None,
        on_texts: Callable[[int], None] | None = None,
    ) -> None:
        """Let an encoder keep its vectors.

        Args:
            encoder: The model. One that is a `TellingEncoder` has its truncations counted.
            cache: Where vectors are kept, at the model's full width; its owner closes it.
            dim: Leading numbers to hand out, renormalised; None for all.
            on_texts: Called with the number of texts each time some are done.

        Raises:
            InvalidInputError: If the model has no fingerprint, or fewer dimensions than asked for.
        """
        if not encoder.fingerprint:
            raise InvalidInputError("embedder", "has no fingerprint to keep vectors by", hint="load it from a folder")
        if dim is not None and not 1 <= dim <= encoder.dim:
            raise InvalidInputError("dim", f"{dim} is not in 1..{encoder.dim}")
        self.dim, self.fingerprint = dim or encoder.dim, encoder.fingerprint
        self._encoder, self._cache, self._on_texts = encoder, cache, on_texts or (lambda count: None)
        facts = (getattr(encoder, "precision", ""), getattr(encoder, "max_length", ""))
        self._model_key = repr((encoder.fingerprint, *facts)).encode()
        self._counts: Counter[str] = Counter()

    @property
    def counts(self) -> Mapping[str, int]:
        """Texts so far: `texts` asked for, `computed` of them, `truncated` because longer than the model reads."""
        return {name: self._counts[name] for name in ("texts", "computed", "truncated")}

    def encode(self, texts: Sequence[str], side: Side) -> FloatArray:
        """Vectors of texts.

        Args:
            texts: The texts.
            side: How they are put to the model.

        Returns:
            Float32 `[n, dim]`, unit rows, in the order of the texts.
        """
        vectors = np.empty((len(texts), self.dim), dtype=np.float32)
        for start in range(0, len(texts), _TEXTS_AT_ONCE):
            part = texts[start : start + _TEXTS_AT_ONCE]
            for place, entry in enumerate(self._entries(part, side), start=start):
                vectors[place] = entry.vector[: self.dim]
            self._on_texts(len(part))
        if self.dim < self._encoder.dim:
            vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), np.finfo(np.float32).tiny)
        return vectors

    def _entries(self, texts: Sequence[str], side: Side) -> list[EmbeddedText]:
        keys = [self._key(text, side) for text in texts]
        known = dict(zip(keys, self._cache.get_many(keys), strict=True))
        missing = {key: text for key, text in zip(keys, texts, strict=True) if known[key] is None}
        if missing:
            made = dict(zip(missing, self._computed(list(missing.values()), side), strict=True))
            self._cache.put_many(made)
            known |= made
        entries = [entry for key in keys if (entry := known[key]) is not None]
        cut = sum(entry.uncut_tokens > entry.num_tokens for entry in entries)
        self._counts.update(texts=len(texts), computed=len(missing), truncated=cut)
        return entries

    def _computed(self, texts: list[str], side: Side) -> list[EmbeddedText]:
        encoder = self._encoder
        if not isinstance(encoder, TellingEncoder):
            plain = (
                encoder.encode_queries(texts, instruction=side.instruction)
                if side.is_query
                else encoder.encode_documents(texts)
            )
            return [EmbeddedText(vector=vector, num_tokens=0, uncut_tokens=0) for vector in plain]
        encoded = (
            encoder.encode_queries_reported(texts, instruction=side.instruction)
            if side.is_query
            else encoder.encode_documents_reported(texts)
        )
        uncut = list(encoded.num_tokens)
        for cut in encoded.truncations:
            uncut[cut.index] = cut.num_tokens
        lengths = zip(encoded.vectors, encoded.num_tokens, uncut, strict=True)
        return [EmbeddedText(vector=vector, num_tokens=read, uncut_tokens=whole) for vector, read, whole in lengths]

    def _key(self, text: str, side: Side) -> bytes:
        return hashlib.blake2b(repr((self._model_key, str(side), text)).encode(), digest_size=20).digest()
