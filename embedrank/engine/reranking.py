"""Reranking as the engine runs it: what all prompts of a request begin with is computed once, its documents in packs.

Documents keep their order, so that with streamed scores the best of recall are judged first.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np

from embedrank.core.types import FloatArray, Judged, Truncation
from embedrank.engine.isolation import told
from embedrank.engine.models import TokenPrompts, TokenReranker
from embedrank.engine.request import Request
from embedrank.engine.task import Item, Text, by_request, hand_out
from embedrank.model.packing import shared_front

MAX_PREFIXES = 8  # kept at a time; a request beyond them computes its prefix again with each of its turns
OnPart: TypeAlias = Callable[[list[int], FloatArray], None]
"""Told the places of some documents and their logits, in the model's thread, as soon as they are known."""


class RerankRequest(Request):
    """One query and its documents."""

    def __init__(
        self,
        query: str,
        documents: Sequence[str],
        *,
        instruction: str | None,
        timeout_s: float | None,
        on_part: OnPart | None = None,
    ) -> None:
        """Take a call down.

        Args:
            query: The query.
            documents: At least one document.
            instruction: The task; None takes the template's.
            timeout_s: Above 0, or None.
            on_part: Told scores as they come.
        """
        super().__init__(documents, timeout_s=timeout_s)
        self.query, self.instruction = query, instruction
        self.shared: list[int] = []
        self._on_part = on_part
        self._parts: list[TokenPrompts] = []
        self._num_tokens: list[int] = []
        self._truncations: list[Truncation] = []
        self._logits = np.empty(len(documents), dtype=np.float32)

    def add_prompts(self, part: TokenPrompts) -> bool:
        """Take in the prompts of the next documents; True if these were the last."""
        start = sum(len(before.tails) for before in self._parts)
        self._parts.append(part)
        self._truncations += [
            Truncation(index=start + cut.index, num_tokens=cut.num_tokens, kept_tokens=cut.kept_tokens)
            for cut in part.truncations
        ]
        return start + len(part.tails) == len(self.texts)

    def split_prompts(self, *, shares_prefix: bool) -> list[list[int]]:
        """Find what all prompts begin with and keep it in `shared`.

        Args:
            shares_prefix: Whether the model can compute it once.

        Returns:
            What comes after it, for each document.
        """
        prompts = [[*part.shared, *tail] for part in self._parts for tail in part.tails]
        self._parts = []
        self._num_tokens = [len(prompt) for prompt in prompts]
        num_shared = shared_front(prompts) if shares_prefix else 0
        self.shared = prompts[0][:num_shared]
        return [prompt[num_shared:] for prompt in prompts]

    def take_in(self, places: Sequence[int], values: Sequence[float]) -> None:
        """Keep logits, and tell who listens."""
        index, part = list(places), np.asarray(values, dtype=np.float32)
        self._logits[index] = part
        if self._on_part is not None:
            self._on_part(index, part)

    def result(self) -> Judged:
        """All logits."""
        return Judged(
            logits=self._logits,
            num_tokens=self._num_tokens,
            shared_tokens=len(self.shared),
            truncations=self._truncations,
        )


class RerankTask:
    """A reranker in the engine."""

    def __init__(self, model: TokenReranker) -> None:
        """Wrap a model.

        Args:
            model: The reranker.
        """
        self._model = model
        self._prefixes: OrderedDict[Request, Any] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        """The model."""
        return self._model.name

    def prepare(self, texts: Sequence[Text]) -> Iterator[tuple[Request, list[Item]]]:
        """Tokenise some documents of each request; those that are complete go on to the model.

        Args:
            texts: Of any requests to this task.

        Yields:
            Requests with all their items.
        """
        for request, places in by_request(texts):
            assert isinstance(request, RerankRequest)
            try:
                documents = [request.texts[place] for place in places]
                part = self._model.tokenize(request.query, documents, instruction=request.instruction)
                items = self._items(request) if request.add_prompts(part) else []
            except Exception as error:
                request.fail(told(error, self.name))
            else:
                yield request, items

    def forward(self, items: Sequence[Item]) -> list[float]:
        """Compute logits of documents of one request."""
        (request,) = {item.group for item in items}
        assert isinstance(request, RerankRequest)
        logits = self._model.judge_tokens([item.tokens for item in items], self._prefix(request))
        return [float(logit) for logit in logits]

    def settle(self, items: Sequence[Item], outcomes: Sequence[Any]) -> None:
        """Answer."""
        hand_out([(item.askers, outcome) for item, outcome in zip(items, outcomes, strict=True)])

    def abandon(self, request: Request, items: Sequence[Item]) -> int:
        """Let go of the prefix; nobody else waits for the items."""
        with self._lock:
            self._prefixes.pop(request, None)
        return len(items)

    def _items(self, request: RerankRequest) -> list[Item]:
        tails = request.split_prompts(shares_prefix=self._model.shares_prefix)
        return [
            Item(task=self, group=request, submitted_at=request.submitted_at, tokens=tail, askers=[(request, place)])
            for place, tail in enumerate(tails)
        ]

    def _prefix(self, request: RerankRequest) -> Any:
        with self._lock:
            if request in self._prefixes:
                self._prefixes.move_to_end(request)
                return self._prefixes[request]
        prefix = self._model.prefill(request.shared)
        with self._lock:
            if not request.is_settled:  # else nobody would come to take it out again
                self._prefixes[request] = prefix
            while len(self._prefixes) > MAX_PREFIXES:
                self._prefixes.popitem(last=False)
        return prefix


def probabilities(logits: FloatArray) -> FloatArray:
    """Sigmoid that neither overflows nor warns.

    Args:
        logits: Float32, any shape.

    Returns:
        Float32 in 0..1, same shape.
    """
    scores: FloatArray = np.exp(-np.logaddexp(np.float32(0), -logits))
    return scores
