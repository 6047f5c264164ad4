"""What passes through the queues, and what the engine asks of whoever computes it."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

from embedrank.engine.request import Request

Asker: TypeAlias = tuple[Request, int]
"""A request, and the place in its texts."""
_TEXT_COST = 32  # characters that could be tokenised in the time one more text takes


@dataclass(eq=False, slots=True)
class Text:
    """A text that waits for the tokeniser.

    Attributes:
        task: Who computes it.
        request: Who asked.
        place: Which of its texts.
        taken: Whether it has left the queue.
    """

    task: Task
    request: Request
    place: int
    taken: bool = False

    @property
    def size(self) -> int:
        """Characters, and what every text costs beside them."""
        return len(self.request.texts[self.place]) + _TEXT_COST

    @property
    def group(self) -> Hashable:
        """All texts of a task are tokenised alike."""
        return None


@dataclass(eq=False, slots=True)
class Item:
    """A token sequence that waits for the model.

    Attributes:
        task: Who computes it.
        group: Only items of one group share a batch.
        tokens: Token ids.
        uncut_tokens: Tokens the whole text has.
        askers: All who wait for it.
        submitted_at: When the first of them asked, on the monotonic clock.
        key: Name in the cache, where there is one.
        taken: Whether it has left the queue to be computed.
    """

    task: Task
    group: Hashable
    submitted_at: float
    tokens: list[int] = field(default_factory=list)
    uncut_tokens: int = 0
    askers: list[Asker] = field(default_factory=list)
    key: bytes = b""
    taken: bool = False

    @property
    def size(self) -> int:
        """Tokens."""
        return len(self.tokens)


class Task(Protocol):
    """One model as the engine sees it: `prepare` runs in the tokenising thread, `forward` in the model's."""

    @property
    def name(self) -> str:
        """The model, in errors."""
        ...

    def prepare(self, texts: Sequence[Text]) -> Iterable[tuple[Request, Sequence[Item]]]:
        """Tokenise; gives each request's items as they get ready, and answers what needs no computing."""
        ...

    def forward(self, items: Sequence[Item]) -> Sequence[Any]:
        """Compute a batch of one group, shortest first; one value an item."""
        ...

    def settle(self, items: Sequence[Item], outcomes: Sequence[Any]) -> None:
        """Hand out what `forward` gave, or the error that stands in its place."""
        ...

    def abandon(self, request: Request, items: Sequence[Item]) -> int:
        """A request went away and left these in the queue; tells how many of them nobody else waits for."""
        ...


def hand_out(outcomes: Iterable[tuple[Sequence[Asker], Any]]) -> None:
    """Deliver values to all who asked for them, each request's together.

    Args:
        outcomes: Askers and the value they get; an exception fails their requests.
    """
    parts: dict[Request, tuple[list[int], list[Any]]] = {}
    for askers, outcome in outcomes:
        for request, place in askers:
            if isinstance(outcome, Exception):
                request.fail(outcome)
            else:
                places, values = parts.setdefault(request, ([], []))
                places.append(place)
                values.append(outcome)
    for request, (places, values) in parts.items():
        request.deliver(places, values)


def by_request(texts: Sequence[Text]) -> Iterator[tuple[Request, list[int]]]:
    """The places of each request, requests in the order they first appear."""
    places: dict[Request, list[int]] = {}
    for text in texts:
        places.setdefault(text.request, []).append(text.place)
    yield from places.items()
