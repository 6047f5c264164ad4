"""What an `eval` step measures, as settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from embedrank.core.errors import ConfigError
from embedrank.core.settings import build


@dataclass(frozen=True, slots=True, kw_only=True)
class SetConfig:
    """A judged set.

    Attributes:
        data: BEIR folder.
        split: Name of its qrels file.
        type: Which column of the ablation table it counts for.
        name: What reports call it; empty for the folder's name, with the split where that is more than `test`.
        max_queries: Size of a seeded sample of its queries; None for all.
        corpus_prefix: Which documents are kept, as `embedrank eval --corpus-prefix` takes it.
    """

    data: str
    split: str = "test"
    type: str = "retrieval"
    name: str = ""
    max_queries: int | None = None
    corpus_prefix: str | None = None

    def __post_init__(self) -> None:
        if self.max_queries is not None and self.max_queries < 1:
            raise ConfigError("eval set", "max_queries", self.max_queries, "must be at least 1")

    @property
    def title(self) -> str:
        """What reports call it."""
        folder = Path(self.data).name
        return self.name or (folder if self.split == "test" else f"{folder} {self.split.removeprefix('test.')}")


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureConfig:
    """A model and the sets it is measured on.

    Attributes:
        embedder: Searches alone, and fused with BM25 where there is a reranker or `fused`.
        reranker: Orders what is found; None for none.
        sets: At least one.
        fused: Whether BM25, and both fused, are measured beside the embedder.
    """

    embedder: str
    sets: Sequence[SetConfig] = field(default_factory=tuple)
    reranker: str | None = None
    fused: bool = False

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> MeasureConfig:
        """Build it from plain values.

        Args:
            settings: As YAML holds them.

        Returns:
            The checked settings.

        Raises:
            ConfigError: If a key is unknown, missing or unsound, or two sets have one name.
        """
        sets = settings.get("sets")
        if not isinstance(sets, list) or not sets or not all(isinstance(each, Mapping) for each in sets):
            raise ConfigError("eval", "sets", sets, "must be a list of mappings with data, split, type")
        built = tuple(build(SetConfig, each) for each in sets)
        titles = [each.title for each in built]
        if twice := sorted({title for title in titles if titles.count(title) > 1}):
            raise ConfigError("eval", "sets", twice, "have one name; give each its own with name")
        return build(cls, {**settings, "sets": built})
