"""Text without known structure: one section."""

from __future__ import annotations

from embedrank.index.chunking.section import Section


def sections(text: str) -> list[Section]:
    """The whole text as one section."""
    return [Section(start=0, end=len(text))]
