"""One text of the input, and the rules by which a row of JSON or of a table becomes one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from embedrank.core.errors import InvalidInputError
from embedrank.core.types import joined_text


@dataclass(frozen=True, slots=True, kw_only=True)
class InputText:
    """One text with its name.

    Attributes:
        id: The row's own id, else its number from 1 over the whole input.
        text: The text, with its title where the row has one.
    """

    id: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """Fields of a JSON object, or columns of a table, that are read; of several the first that is there.

    Attributes:
        text: Where the text stands.
        id: Where the name stands; rows without one are numbered.
        title: Where the title stands, if anywhere.
    """

    text: Sequence[str] = ("text", "query", "content")
    id: Sequence[str] = ("_id", "id")
    title: Sequence[str] = ("title",)

    @classmethod
    def named(cls, text: str | None, id: str | None, title: str | None) -> Fields:
        """Fields of given names; None keeps the usual ones."""
        usual = cls()
        return cls(
            text=usual.text if text is None else (text,),
            id=usual.id if id is None else (id,),
            title=usual.title if title is None else (title,),
        )


def first_of(names: Sequence[str], present: Iterable[str]) -> str | None:
    """The first of some names that is present, or None."""
    there = set(present)
    return next((name for name in names if name in there), None)


def input_text(text: object, *, id: object, title: object, number: int, where: str) -> InputText:
    """Make a text of the values of a row.

    Args:
        text: Has to be a string.
        id: None for the row's number.
        title: Put before the text if it is a string.
        number: Of the row, from 1 over the whole input.
        where: The row, for errors.

    Returns:
        The text.

    Raises:
        InvalidInputError: If the text is no string, or holds half a character.
    """
    if not isinstance(text, str):
        raise InvalidInputError(where, f"its text is {'missing' if text is None else type(text).__name__}")
    whole = joined_text(title, text) if isinstance(title, str) else text
    name = str(number) if id is None else str(id)
    for value in (name, whole):
        if not value.isascii():
            _check_unicode(value, where)
    return InputText(id=name, text=whole)


def _check_unicode(text: str, where: str) -> None:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise InvalidInputError(where, f"holds half a character (lone surrogate) at {error.start}") from error
