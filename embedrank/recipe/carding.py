"""What a `card` step tells, as settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from embedrank.core.errors import ConfigError
from embedrank.core.settings import build


@dataclass(frozen=True, slots=True, kw_only=True)
class CardConfig:
    """A finished model's card.

    Attributes:
        model: The model.
        title: Heading.
        licence: Of the weights, as the hub spells it, such as `apache-2.0`.
        rows: Files of the rows that it was trained on.
        sources: Set that rows come from to its licence and where it is from; the sources of rows are named after sets,
            alone or with more words around them (`weak_title_drcd` is of `drcd`).
        figures: Of an `eval` step; empty for none.
        about: What to know of it: a paragraph.
        languages: Codes, for the hub.
    """

    model: str
    title: str
    licence: str
    rows: Sequence[str]
    sources: Mapping[str, str]
    figures: str = ""
    about: str = ""
    languages: Sequence[str] = ()

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> CardConfig:
        """Build it from plain values.

        Args:
            settings: As YAML holds them; `rows` may be one file.

        Returns:
            The checked settings.

        Raises:
            ConfigError: If a key is unknown, missing or unsound.
        """
        rows = settings.get("rows")
        built = build(cls, {**settings, "rows": [rows] if isinstance(rows, str) else rows})
        if not isinstance(built.sources, Mapping) or not all(isinstance(text, str) for text in built.sources.values()):
            raise ConfigError("card", "sources", built.sources, "must be a mapping of sets to licences")
        return built
