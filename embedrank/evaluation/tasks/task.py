"""What all tasks over embeddings have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Protocol

import numpy as np

from embedrank.evaluation.prompted_encoder import PromptedEncoder
from embedrank.evaluation.split_files import Sample


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What one task gave on one set.

    Attributes:
        metrics: Name to value; of a set in several languages the mean over them.
        counts: How much was measured, such as `num_pairs`.
        by_language: Language to metrics; empty for a set that does not name languages.
        notes: What a reader of the figures must know.
    """

    metrics: Mapping[str, float]
    counts: Mapping[str, int]
    by_language: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    notes: Sequence[str] = ()


class EmbeddingTask(Protocol):
    """A set, read and ready to be embedded and judged."""

    name: ClassVar[str]
    """Key in `TASKS`."""
    benchmark_type: ClassVar[str]
    """What mteb and the paper's tables call it."""
    main_metric: ClassVar[str]
    """The one that means are taken of."""

    @classmethod
    def load(cls, folder: Path, split: str, sample: Sample) -> EmbeddingTask:
        """Read a split; DatasetError where it cannot be used."""
        ...

    @property
    def num_texts(self) -> int:
        """Texts that will be embedded, equal ones counted once."""
        ...

    def measure(self, encoder: PromptedEncoder) -> Measured:
        """Embed and judge."""
        ...


def by_language(
    languages: Sequence[str], measure: Callable[[Sequence[int]], Mapping[str, float]]
) -> tuple[dict[str, float], dict[str, Mapping[str, float]]]:
    """Measure the rows of each language apart, as the benchmarks do, so that a large one does not hide the others.

    Args:
        languages: Language of each row; empty strings where none is named.
        measure: From the places of some rows to their metrics.

    Returns:
        Mean over languages of each metric, and the metrics by language (empty where none is named).
    """
    rows: dict[str, list[int]] = {}
    for place, language in enumerate(languages):
        rows.setdefault(language, []).append(place)
    found = {language: measure(places) for language, places in rows.items()}
    names = next(iter(found.values()))
    means = {name: float(np.mean([metrics[name] for metrics in found.values()])) for name in names}
    return means, {} if set(found) == {""} else found
