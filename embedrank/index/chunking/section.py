"""A stretch of a document under one heading, or one definition in code."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Where a section lies and what stands above it.

    Attributes:
        start: First character.
        end: One past the last character.
        above: Headings or names that enclose it, outermost first.
        own: Its own heading or name, which its text begins with; empty where it has none.
    """

    start: int
    end: int
    above: tuple[str, ...] = ()
    own: str = ""
