"""Does an exported model answer like the one it was made from? What is allowed is one table, `tolerances.json`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib import resources
from typing import Any

import numpy as np

from embedrank.core.errors import ExportCheckError
from embedrank.core.types import FloatArray
from embedrank.model.export.format import Readings
from embedrank.model.provenance import EMBEDDER

_HINTS = {
    "not finite": "half precision overflows; use another dtype",
    "int8": "take fp32 or fp16, or accept more with tolerance",
    "fp32": "please report it: this should not happen",
}
_HINT = "take fp32, or accept more with tolerance"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """The outcome of a comparison.

    Attributes:
        runtime: Where the exported model was run.
        measure: `cosine` for embedders, `probability difference` for rerankers.
        worst: Smallest cosine, or largest difference of probabilities.
        mean: Mean of the same.
        tolerance: What `worst` had to reach, or not to pass.
        num_answers: Vectors or probabilities compared, over all layouts.
        ways: Layout to the worst in it.
        notes: What a reader should know.
    """

    runtime: str
    measure: str
    worst: float
    mean: float
    tolerance: float
    num_answers: int
    ways: dict[str, float]
    notes: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """The outcome in one sentence."""
        what = "smallest cosine" if self.measure == "cosine" else "largest difference of probabilities"
        return (
            f"Checked in {self.runtime} on {self.num_answers} answers in {len(self.ways)} layouts: {what} to the source"
            f" {self.worst:.6f}, mean {self.mean:.6f}, tolerance {self.tolerance:g}."
        )


def tolerance_of(kind: str, dtype: str, asked: float | None) -> float:
    """What is allowed.

    Args:
        kind: `embedder` (smallest cosine) or `reranker` (largest difference of probabilities).
        dtype: Number type of the export.
        asked: The user's own limit, 0..1; None takes the table's.

    Returns:
        The limit.
    """
    return asked if asked is not None else float(tolerances()[kind][dtype])


def tolerances() -> dict[str, Any]:
    """The table: kind, then number type, to limit."""
    file = resources.files("embedrank.model.export").joinpath("tolerances.json")
    table: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return table


def compare(
    expected: FloatArray, readings: Readings, *, kind: str, export_format: str, dtype: str, tolerance: float
) -> Check:
    """Compare all layouts with the source's answers.

    Args:
        expected: Unit vectors or probabilities of the source.
        readings: Those of the exported model.
        kind: `embedder` or `reranker`.
        export_format: For errors.
        dtype: For errors.
        tolerance: From `tolerance_of`.

    Returns:
        The outcome, within the tolerance.

    Raises:
        ExportCheckError: If an answer is not finite or the worst is beyond the tolerance.
    """
    is_cosine = kind == EMBEDDER
    found = {way: _agreement(expected, answers, is_cosine) for way, answers in readings.ways.items()}
    every = np.concatenate(list(found.values()))
    worst_of = np.min if is_cosine else np.max

    def fail(problem: str, hint: str) -> ExportCheckError:
        return ExportCheckError(
            export_format, dtype=dtype, runtime=readings.runtime, problem=problem, tolerance=tolerance, hint=hint
        )

    for way, agreement in found.items():
        if not np.isfinite(agreement).all():
            raise fail(f"answers that are not finite ({way})", _HINTS["not finite"])
    worst = float(worst_of(every))
    measure = "cosine" if is_cosine else "probability difference"
    if (worst < tolerance) if is_cosine else (worst > tolerance):
        way = next(way for way, agreement in found.items() if worst_of(agreement) == worst)
        raise fail(
            f"{measure} {worst:.6f} ({way}) is {'below' if is_cosine else 'above'} the tolerance {tolerance:g}",
            _HINTS.get(dtype, _HINT),
        )
    return Check(
        runtime=readings.runtime,
        measure=measure,
        worst=worst,
        mean=float(every.mean()),
        tolerance=tolerance,
        num_answers=int(every.size),
        ways={way: float(worst_of(agreement)) for way, agreement in found.items()},
        notes=readings.notes,
    )


def _agreement(expected: FloatArray, answers: FloatArray, is_cosine: bool) -> FloatArray:
    assert expected.shape == answers.shape, f"{answers.shape} answers to {expected.shape}"
    wide, other = expected.astype(np.float64), np.asarray(answers, dtype=np.float64)
    if not is_cosine:
        return np.abs(wide - other)
    with np.errstate(invalid="ignore", divide="ignore"):
        return (wide * other).sum(1) / np.linalg.norm(other, axis=1)  # type: ignore[no-any-return]
