"""Sources with every difficulty at once, and the settings that use every feature."""

from __future__ import annotations

from typing import Any

from embedrank.training.mixing import Mixture, MixtureConfig
from embedrank.training.rows import TrainingRow


def rows(source: str, count: int, *, task: str = "code", shared: int = 1) -> list[TrainingRow]:
    """Rows of which `shared` have the same positive."""
    return [
        TrainingRow(
            task=task,
            query=f"{source} query {n}",
            positives=(f"{source} positive {n // shared}", f"{source} other {n}"),
            negatives=tuple(f"{source} negative {n} {k}" for k in range(3)),
            source=source,
        )
        for n in range(count)
    ]


def sources() -> dict[str, list[TrainingRow]]:
    return {
        "crowded": rows("crowded", 60, shared=6),
        "wide": rows("wide", 43),
        "tiny": rows("tiny", 3),
        "pairs": rows("pairs", 31, task="sts", shared=2),
    }


EVERYTHING: dict[str, Any] = {
    "batch_size": 8,
    "exponent": 0.5,
    "weights": {"wide": 2.0},
    "distinct": True,
    "drop_last": False,
    "shuffle_texts": True,
    "instructions": {"wide": ["one", "two", "three"]},
    "task_instructions": {"sts": ["same?", "alike?"], "code": ["find"]},
    "seed": 5,
}


def mixture(**settings: Any) -> Mixture:
    return Mixture(sources(), MixtureConfig(**{**EVERYTHING, **settings}))
