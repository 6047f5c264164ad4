"""Embedding as the engine runs it: look up, join what is on its way, tokenise, compute, cut, keep.

Prompts are part of the tokens by the time a batch is formed, so queries, documents and all instructions share batches.
Vectors are always computed and kept whole: a shorter one is the front of the whole one, brought back to unit length, as
Matryoshka training means it. So one entry of a cache serves every `dim`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from embedrank.core.protocols import EmbeddingCache
from embedrank.core.types import EmbeddedText, Encoded, FloatArray, Truncation
from embedrank.engine.caches.key import cache_key
from embedrank.engine.flights import Flights
from embedrank.engine.isolation import outcomes_of
from embedrank.engine.models import TokenEmbedder
from embedrank.engine.request import Request
from embedrank.engine.stats import Meter
from embedrank.engine.task import Item, Text, by_request, hand_out

QUERY, DOCUMENT = "query", "document"


class EmbedRequest(Request):
    """Texts of one side, with one instruction."""

    def __init__(
        self,
        texts: Sequence[str],
        *,
        side: str,
        instruction: str | None,
        dim: int,
        timeout_s: float | None,
    ) -> None:
        """Take a call down.

        Args:
            texts: At least one text.
            side: `query` or `document`.
            instruction: The task of queries; None for the model's own.
            dim: Numbers per vector.
            timeout_s: Above 0, or None.
        """
        super().__init__(texts, timeout_s=timeout_s)
        self.side, self.instruction, self.dim = side, instruction, dim
        self._vectors = np.empty((len(texts), dim), dtype=np.float32)
        self._counts = np.zeros((len(texts), 2), dtype=np.int64)  # tokens read, tokens uncut

    def take_in(self, places: Sequence[int], values: Sequence[EmbeddedText]) -> None:
        """Cut the vectors to length and keep them."""
        index = list(places)
        self._vectors[index] = unit_front(np.stack([value.vector for value in values]), self.dim)
        self._counts[index] = [(value.num_tokens, value.uncut_tokens) for value in values]

    def result(self) -> Encoded:
        """All vectors."""
        cut = np.flatnonzero(self._counts[:, 1] > self._counts[:, 0])
        return Encoded(
            vectors=self._vectors,
            num_tokens=self._counts[:, 0].tolist(),
            truncations=[
                Truncation(index=place, num_tokens=int(self._counts[place, 1]), kept_tokens=int(self._counts[place, 0]))
                for place in cut.tolist()
            ],
        )


class EmbedTask:
    """An embedder in the engine."""

    def __init__(self, model: TokenEmbedder, cache: EmbeddingCache, meter: Meter) -> None:
        """Wrap a model.

        Args:
            model: The embedder.
            cache: Asked before and filled after.
            meter: Counts hits, misses and joined texts.
        """
        self._model, self._cache, self._meter = model, cache, meter
        self._flights = Flights()
        self._identity = (model.fingerprint, model.precision, str(model.max_length))

    @property
    def name(self) -> str:
        """The model."""
        return self._model.name

    def prepare(self, texts: Sequence[Text]) -> Iterator[tuple[Request, list[Item]]]:
        """Tokenise what nobody has asked for yet and the cache does not hold.

        Args:
            texts: Of any requests to this task.

        Yields:
            Requests with the items that they have to wait for, shortest first.
        """
        lanes: dict[Request, list[Item]] = {}
        prompted: dict[Item, str] = {}
        for request, places in by_request(texts):
            assert isinstance(request, EmbedRequest)
            joined = [self._join(request, place, prompted) for place in places]
            lanes[request] = list(dict.fromkeys(joined))  # a text that comes twice is one item
        landed = self._answer_from_cache(list(prompted))
        fresh = [item for item in prompted if item not in landed]
        landed |= self._tokenise(fresh, [prompted[item] for item in fresh])
        for request, items in lanes.items():
            yield request, sorted((item for item in items if item not in landed), key=lambda item: item.size)

    def forward(self, items: Sequence[Item]) -> list[EmbeddedText]:
        """Compute whole vectors."""
        vectors = self._model.encode_tokens([item.tokens for item in items])
        return [
            EmbeddedText(vector=vector, num_tokens=item.size, uncut_tokens=item.uncut_tokens)
            for item, vector in zip(items, vectors, strict=True)
        ]

    def settle(self, items: Sequence[Item], outcomes: Sequence[Any]) -> None:
        """Keep what was computed, then answer."""
        pairs = list(zip(items, outcomes, strict=True))
        self._cache.put_many({item.key: value for item, value in pairs if isinstance(value, EmbeddedText)})
        hand_out([(self._flights.land(item), outcome) for item, outcome in pairs])

    def abandon(self, request: Request, items: Sequence[Item]) -> int:
        """Forget what nobody else waits for."""
        return sum(self._flights.leave(item, request) for item in items)

    def _join(self, request: EmbedRequest, place: int, prompted: dict[Item, str]) -> Item:
        text = request.texts[place]
        key = cache_key(
            *self._identity, dim=self._model.dim, side=request.side, instruction=request.instruction, text=text
        )
        item, is_new = self._flights.join(self, key, (request, place))
        if is_new:
            prompts = self._model.prompts
            is_query = request.side == QUERY
            prompted[item] = prompts.query(text, request.instruction) if is_query else prompts.document(text)
        else:
            self._meter.count("joined")
        return item

    def _answer_from_cache(self, items: Sequence[Item]) -> set[Item]:
        kept = self._cache.get_many([item.key for item in items])
        hits = {item: value for item, value in zip(items, kept, strict=True) if value is not None}
        self._meter.count("cache_hits", len(hits))
        self._meter.count("cache_misses", len(items) - len(hits))
        hand_out([(self._flights.land(item), value) for item, value in hits.items()])
        return set(hits)

    def _tokenise(self, items: Sequence[Item], texts: Sequence[str]) -> set[Item]:
        """Give the items their tokens; those whose text cannot be tokenised fail and are returned."""
        if not items:
            return set()
        outcomes = outcomes_of(texts, self._model.tokenize, model=self.name)
        failed = {item: error for item, error in zip(items, outcomes, strict=True) if isinstance(error, Exception)}
        for item, outcome in zip(items, outcomes, strict=True):
            if item not in failed:
                item.tokens, item.uncut_tokens = outcome
        hand_out([(self._flights.land(item), error) for item, error in failed.items()])
        return set(failed)


def unit_front(vectors_ND: FloatArray, dim: int) -> FloatArray:
    """The first `dim` numbers of each row, brought to unit length.

    Args:
        vectors_ND: Unit rows; as many numbers as there are or fewer are kept.
        dim: Numbers to keep.

    Returns:
        Float32 `[n, dim]`; whole rows are handed through as they are.
    """
    if dim == vectors_ND.shape[1]:
        return vectors_ND
    front = vectors_ND[:, :dim]
    scaled: FloatArray = front / np.maximum(np.linalg.norm(front, axis=1, keepdims=True), 1e-12)
    return scaled
