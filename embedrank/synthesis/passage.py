"""Passages: the texts that synthesis starts from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A text that a query shall be written for.

    Attributes:
        id: Unique in a run.
        text: Its text.
        title: Title or headings above it, or an empty string.
        source: Name of the set it comes from.
        lang: ISO 639-1 code of its language, or of its programming language where `is_code`; None where unknown.
        is_code: Whether it is code.
        translations: The same text in other languages, by code.
        label: Its class, where the set has classes.
    """

    id: str
    text: str
    title: str = ""
    source: str = ""
    lang: str | None = None
    is_code: bool = False
    translations: Mapping[str, str] = field(default_factory=dict)
    label: str | None = None
