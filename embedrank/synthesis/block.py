"""Blocks: some passages and the drafts that are wished for of them; the unit that is computed, written, resumed at."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeAlias

from embedrank.synthesis.draft import Draft, Wish
from embedrank.synthesis.passage import Passage

Wishes: TypeAlias = Callable[[int, Passage], Sequence[tuple[str, Wish]]]
"""From the place of a passage in the run, from 0, and the passage to keys and wishes of its drafts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Some passages after one another.

    Attributes:
        number: Place among the blocks of this beginning of the run, from 0.
        num_passages: Passages in it.
        drafts: What is wished for of them, in their order.
    """

    number: int
    num_passages: int
    drafts: tuple[Draft, ...]


def blocks_of(passages: Iterable[Passage], wishes: Wishes, *, size: int, first: int = 0) -> Iterator[Block]:
    """Cut the rest of a run into blocks.

    Args:
        passages: All passages of the run, from its beginning.
        wishes: The plan.
        size: Passages in a block; the last may have fewer.
        first: Passages to pass over.

    Yields:
        The blocks.
    """
    rest = islice(enumerate(passages), first, None)
    number = 0
    while taken := list(islice(rest, size)):
        drafts = tuple(
            Draft(key=key, passage=passage, wish=wish)
            for index, passage in taken
            for key, wish in wishes(index, passage)
        )
        yield Block(number=number, num_passages=len(taken), drafts=drafts)
        number += 1
