"""Judged queries that a model is measured on while it is made, and when it is done."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from embedrank.core.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedSet:
    """One split of a BEIR folder.

    Attributes:
        data: The folder.
        split: Its split, which should be no test split.
        max_queries: Size of a seeded sample; None measures all queries.
    """

    data: str
    split: str = "dev"
    max_queries: int | None = None

    def __post_init__(self) -> None:
        if self.max_queries is not None and self.max_queries < 1:
            raise ConfigError(type(self).__name__, "max_queries", self.max_queries, "must be at least 1")


Measure = Callable[[str, JudgedSet], Mapping[str, float]]
"""From a model (preset, folder or hub id) and a set to the model's figures on it."""
