"""An encoder that keeps what it computed: for one caller that asks for many texts, again and again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from embedrank.core.protocols import EmbeddingCache
from embedrank.core.types import EmbeddedText, Encoded, FloatArray, Truncation
from embedrank.engine.bulk.encoder import TellingEncoder
from embedrank.engine.caches.key import cache_key
from embedrank.engine.embedding import DOCUMENT, QUERY, unit_front

_TEXTS_PER_WRITE = 512  # what a kill loses at most


class CachedEncoder:
    """Asks the model only for what the cache lacks; vectors are kept whole and cut when asked for."""

    def __init__(self, encoder: TellingEncoder, cache: EmbeddingCache) -> None:
        """Wrap a model.

        Args:
            encoder: The model, with a fingerprint.
            cache: Where vectors are kept; its owner closes it.
        """
        self._encoder, self._cache = encoder, cache
        self.name, self.fingerprint, self.dim = encoder.name, encoder.fingerprint, encoder.dim
        self.precision = encoder.precision
        self.default_instruction: str | None = getattr(encoder, "default_instruction", None)
        self.recommended_fusion: str | None = getattr(encoder, "recommended_fusion", None)
        self.recommended_dense_weight: float = getattr(encoder, "recommended_dense_weight", 1.0)
        self.settings: Mapping[str, object] = getattr(encoder, "settings", {})
        self._truncated: set[bytes] = set()
        self.max_length: int | None = getattr(encoder, "max_length", None)

    @property
    def model(self) -> TellingEncoder:
        """The model itself, for who wants to see it work."""
        return self._encoder

    @property
    def cache_counts(self) -> Mapping[str, int]:
        """What the cache counted, of all that share it: `hits` and `misses`, which the model computed."""
        return self._cache.counts()

    @property
    def num_truncated(self) -> int:
        """Different texts asked for so far of which the model reads only the beginning."""
        return len(self._truncated)

    def encode_queries(
        self, texts: Sequence[str], *, instruction: str | None = None, dim: int | None = None
    ) -> FloatArray:
        """Float32 `[n, dim]`, unit rows."""
        return self.encode_queries_reported(texts, instruction=instruction, dim=dim).vectors

    def encode_documents(self, texts: Sequence[str], *, dim: int | None = None) -> FloatArray:
        """Float32 `[n, dim]`, unit rows."""
        return self.encode_documents_reported(texts, dim=dim).vectors

    def encode_queries_reported(
        self, texts: Sequence[str], *, instruction: str | None = None, dim: int | None = None
    ) -> Encoded:
        """As `encode_queries`, with token counts and truncations."""

        def compute(missing: Sequence[str]) -> Encoded:
            return self._encoder.encode_queries_reported(missing, instruction=instruction)

        return self._encoded(texts, QUERY, instruction, dim, compute)

    def encode_documents_reported(self, texts: Sequence[str], *, dim: int | None = None) -> Encoded:
        """As `encode_documents`, with token counts and truncations."""
        return self._encoded(texts, DOCUMENT, None, dim, self._encoder.encode_documents_reported)

    def _encoded(
        self,
        texts: Sequence[str],
        side: str,
        instruction: str | None,
        dim: int | None,
        compute: Callable[[Sequence[str]], Encoded],
    ) -> Encoded:
        width = self._checked_dim(dim)
        keys = {text: self._key(text, side, instruction) for text in texts}
        kept = dict(zip(keys, self._cache.get_many(list(keys.values())), strict=True))
        missing = [text for text, entry in kept.items() if entry is None]
        for start in range(0, len(missing), _TEXTS_PER_WRITE):
            part = missing[start : start + _TEXTS_PER_WRITE]
            fresh = dict(zip(part, _entries(compute(part)), strict=True))
            self._cache.put_many({keys[text]: entry for text, entry in fresh.items()})
            kept |= fresh
        entries = [entry for text in texts if (entry := kept[text]) is not None]
        truncations = [
            Truncation(index=place, num_tokens=entry.uncut_tokens, kept_tokens=entry.num_tokens)
            for place, entry in enumerate(entries)
            if entry.uncut_tokens > entry.num_tokens
        ]
        self._truncated.update(keys[texts[cut.index]] for cut in truncations)
        whole = np.stack([entry.vector for entry in entries]) if entries else np.empty((0, self.dim), np.float32)
        return Encoded(
            vectors=unit_front(whole, width),
            num_tokens=[entry.num_tokens for entry in entries],
            truncations=truncations,
        )

    def _checked_dim(self, dim: int | None) -> int:
        if dim is None:
            return self.dim
        self._encoder.encode_documents_reported([], dim=dim)  # the model knows which it has, and refuses others
        return dim

    def _key(self, text: str, side: str, instruction: str | None) -> bytes:
        return cache_key(
            self.fingerprint,
            self.precision,
            "" if self.max_length is None else str(self.max_length),
            dim=self.dim,
            side=side,
            instruction=instruction,
            text=text,
        )


def _entries(encoded: Encoded) -> list[EmbeddedText]:
    uncut = {cut.index: cut.num_tokens for cut in encoded.truncations}
    return [
        EmbeddedText(vector=vector, num_tokens=count, uncut_tokens=uncut.get(place, count))
        for place, (vector, count) in enumerate(zip(encoded.vectors, encoded.num_tokens, strict=True))
    ]
