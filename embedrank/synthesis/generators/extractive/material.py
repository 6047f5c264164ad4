"""What an extractive answer is made of: the request's facts as values, and why there may be no answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from embedrank.synthesis.draft import Wish
from embedrank.synthesis.passage import Passage
from embedrank.synthesis.words import num_words


class CannotError(Exception):
    """The passage does not hold what is asked for."""

    def __init__(self, reason: str, detail: str = "") -> None:
        self.reason = reason
        self.detail = detail
        super().__init__(reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """One request.

    Attributes:
        key: Its key; decides what is drawn.
        passage: The passage.
        wish: What is wished for.
        told: All facts.
    """

    key: str
    passage: Passage
    wish: Wish
    told: Mapping[str, Any]

    @classmethod
    def of(cls, key: str, facts: Mapping[str, Any]) -> Material:
        """Read the facts of a request.

        Args:
            key: Key of the request.
            facts: Its facts.

        Returns:
            Them as values.
        """
        wish = dict(facts["wish"])
        length = tuple(wish["length"]) if wish.get("length") else None
        return cls(key=key, passage=Passage(**facts["passage"]), wish=Wish(**{**wish, "length": length}), told=facts)

    @property
    def lang(self) -> str | None:
        """Language of the query."""
        return self.wish.lang or self.passage.lang

    @property
    def text(self) -> str:
        """The text in the query's language: the passage, or its translation.

        Raises:
            CannotError: If there is none.
        """
        if not self.is_translated:
            return self.passage.text
        assert self.wish.lang is not None
        if self.wish.lang not in self.passage.translations:
            raise CannotError("no translation", f"nothing in {self.wish.lang} beside the passage")
        return self.passage.translations[self.wish.lang]

    @property
    def is_translated(self) -> bool:
        """Whether the query is to be in another language than the passage."""
        return self.wish.lang is not None and self.passage.lang is not None and self.wish.lang != self.passage.lang

    def fits(self, text: str) -> bool:
        """Whether a text has the wished length."""
        if self.wish.length is None:
            return True
        low, high = self.wish.length
        return low <= num_words(text) <= high
