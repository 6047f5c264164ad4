"""Cutting a stream of texts into chunks, each with the texts of it that nobody has computed yet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from embedrank.engine.bulk.config import BulkConfig
    from embedrank.engine.bulk.input_text import InputText


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """Rows of the input that are computed and committed as one.

    Attributes:
        number: Place among the chunks of this run, from 0.
        first_row: Rows before it in the input.
        ids: Name of each row.
        places: For each row the place of its text among all distinct texts.
        texts: The distinct texts that are new in this chunk.
    """

    number: int
    first_row: int
    ids: Sequence[str]
    places: Sequence[int]
    texts: Sequence[str]

    @property
    def name(self) -> str:
        """The rows it holds, for people."""
        return f"rows {self.first_row + 1} to {self.first_row + len(self.ids)}"


class Seen(Protocol):
    """Remembers texts."""

    def places_of(self, texts: Sequence[str]) -> tuple[list[int], list[str]]:
        """For each text its place among the distinct ones; and the texts that were new, in the order of places."""
        ...


class SeenInChunk:
    """Remembers the texts of one chunk only; places are counted from 0 in each."""

    def places_of(self, texts: Sequence[str]) -> tuple[list[int], list[str]]:
        """For each text its place among the distinct ones of this call, and those distinct ones."""
        places: dict[str, int] = {}
        return [places.setdefault(text, len(places)) for text in texts], list(places)


def chunks_of(rows: Iterator[InputText], seen: Seen, config: BulkConfig, *, first_row: int) -> Iterator[Chunk]:
    """Cut rows into chunks. Where the cuts are depends on the rows alone, so a resumed run makes the same ones.

    Args:
        rows: What is still to be read.
        seen: Decides which texts are new.
        config: Size of a chunk.
        first_row: Rows that were read before.

    Yields:
        Chunks in the order of the input.
    """
    for number, group in enumerate(_groups(rows, config)):
        places, texts = seen.places_of([row.text for row in group])
        ids = [row.id for row in group]
        yield Chunk(number=number, first_row=first_row, ids=ids, places=places, texts=texts)
        first_row += len(group)


def _groups(rows: Iterator[InputText], config: BulkConfig) -> Iterator[list[InputText]]:
    group: list[InputText] = []
    room = config.chunk_characters
    for row in rows:
        if group and (len(group) == config.chunk_texts or len(row.text) > room):
            yield group
            group, room = [], config.chunk_characters
        group.append(row)
        room -= len(row.text)
    if group:
        yield group
