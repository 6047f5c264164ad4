"""What generators that run in this process have in common: batches, one at a time, between cache and budget."""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from embedrank.core.generation import Failure, GenerationRequest, Outcome
from embedrank.synthesis.generators.budget import Admission
from embedrank.synthesis.generators.cache import digest_of
from embedrank.synthesis.generators.ending import outcome_of
from embedrank.synthesis.generators.meter import Meter
from embedrank.synthesis.generators.most_tokens import most_prompt_tokens
from embedrank.synthesis.generators.usage import Usage

_BUDGET_POLL_S: Final = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What a model wrote for one request.

    Attributes:
        text: Without the prompt and without marks of its end.
        prompt_tokens: Tokens read.
        completion_tokens: Tokens written.
        is_cut: Whether it had to end before it wanted to.
    """

    text: str
    prompt_tokens: int
    completion_tokens: int
    is_cut: bool


class BatchedGenerator(ABC):
    """A `TextGenerator` whose subclasses write one batch; answers are kept batch by batch."""

    def __init__(self, model: str, meter: Meter, *, batch_size: int, extra: Mapping[str, Any]) -> None:
        """Set up.

        Args:
            model: Name of the model.
            meter: Cache and budget.
            batch_size: Requests at a time.
            extra: What else decides an answer.
        """
        self._model, self._meter, self._batch_size, self._extra = model, meter, batch_size, extra
        self._lock = threading.Lock()  # one model, one batch

    @property
    def name(self) -> str:
        """Name of the model."""
        return self._model

    @abstractmethod
    def write(self, requests: Sequence[GenerationRequest]) -> list[Written]:
        """Let the model write for a batch, in order."""

    def generate(self, requests: Sequence[GenerationRequest]) -> list[Outcome]:
        """Answer all.

        Args:
            requests: What to ask.

        Returns:
            One outcome each, in order.
        """
        digests = [digest_of(self._model, request, self._extra) for request in requests]
        outcomes = [self._meter.known(digest) for digest in digests]
        waiting = [place for place, outcome in enumerate(outcomes) if outcome is None]
        while waiting:
            with self._lock:
                batch, refused = self._admitted(requests, waiting)
                if refused is not None:
                    return [refused if outcome is None else outcome for outcome in outcomes]
                written = self.write([requests[place] for place in batch])
                for place, each in zip(batch, written, strict=True):
                    outcomes[place] = self._kept(requests[place], digests[place], each)
            waiting = waiting[len(batch) :]
        return [outcome for outcome in outcomes if outcome is not None]

    def close(self) -> None:
        """Nothing is held that does not go with this object."""
        return

    def _admitted(
        self, requests: Sequence[GenerationRequest], waiting: Sequence[int]
    ) -> tuple[list[int], Failure | None]:
        """The next batch, as far as the budget lets it through; a failure where it lets nothing through any more."""
        batch: list[int] = []
        for place in waiting[: self._batch_size]:
            admission = self._meter.admit(_need(requests[place]))
            while admission is Admission.WAIT and not batch:  # for models elsewhere that share the budget
                time.sleep(_BUDGET_POLL_S)
                admission = self._meter.admit(_need(requests[place]))
            if admission is not Admission.GO:
                return batch, admission if isinstance(admission, Failure) and not batch else None
            batch.append(place)
        return batch, None

    def _kept(self, request: GenerationRequest, digest: bytes, written: Written) -> Outcome | None:
        took = Usage(requests=1, prompt_tokens=written.prompt_tokens, completion_tokens=written.completion_tokens)
        outcome = outcome_of(written.text, "length" if written.is_cut else "stop", took)
        return self._meter.settle(digest, _need(request), took, outcome)


def _need(request: GenerationRequest) -> Usage:
    return Usage(requests=1, prompt_tokens=most_prompt_tokens(request), completion_tokens=request.max_tokens)
