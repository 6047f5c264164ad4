"""Pairs of sentences: scored (similarity, paraphrase) or not (translations of each other)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from embedrank.core.beir_files import read_objects
from embedrank.core.errors import DatasetError
from embedrank.core.types import FloatArray
from embedrank.evaluation.prompted_encoder import PromptedEncoder
from embedrank.evaluation.split_files import Sample, split_path, text_of


@dataclass(frozen=True, slots=True, kw_only=True)
class SentencePairs:
    """One split of a folder of pairs.

    Attributes:
        folder: Where it was read from.
        split: Name of its file without suffix.
        first: The one sentence of each pair.
        second: The other.
        scores: Similarity or label of each pair; empty where the file has none.
        languages: Language of each pair, an empty string where the file does not say.
        num_before_sampling: Pairs with text that the file has.
        notes: What was left out.
    """

    folder: Path
    split: str
    first: Sequence[str]
    second: Sequence[str]
    scores: Sequence[float]
    languages: Sequence[str]
    num_before_sampling: int
    notes: Sequence[str] = ()

    @property
    def num_texts(self) -> int:
        """Different sentences."""
        return len({*self.first, *self.second})

    def vectors(self, encoder: PromptedEncoder) -> tuple[FloatArray, FloatArray]:
        """Vectors of both sides.

        Args:
            encoder: Reads both sides alike.

        Returns:
            Float32 `[N, D]` each, unit rows: of the first sentences, of the second.
        """
        vectors_TD = encoder.instructed([*self.first, *self.second])
        return vectors_TD[: len(self.first)], vectors_TD[len(self.first) :]


def load_pairs(folder: Path, split: str, sample: Sample, *, scored: bool) -> SentencePairs:
    """Read a split.

    Args:
        folder: A folder of `<split>.jsonl` with `sentence1`, `sentence2`, and perhaps `score` and `lang`.
        split: Its name without suffix.
        sample: How many pairs are kept.
        scored: Whether a score is needed; else it is not looked at.

    Returns:
        The pairs.

    Raises:
        DatasetError: If a file or field is missing, a score is no number, or no pair is left.
    """
    path = split_path(folder, split)
    rows: list[tuple[str, str, float, str]] = []
    num_blank = 0
    for line, row in read_objects(path):
        first, second = text_of(path, line, row, "sentence1"), text_of(path, line, row, "sentence2")
        score = _score(path, line, row) if scored else 0.0
        if first.strip() and second.strip():
            rows.append((first, second, score, str(row.get("lang") or "")))
        else:
            num_blank += 1
    if not rows:
        raise DatasetError(path, "holds no pairs of sentences")
    kept = sample.draw(rows)
    return SentencePairs(
        folder=folder,
        split=split,
        first=[row[0] for row in kept],
        second=[row[1] for row in kept],
        scores=[row[2] for row in kept] if scored else [],
        languages=[row[3] for row in kept],
        num_before_sampling=len(rows),
        notes=left_out_notes(num_blank, "pairs", kept=len(kept), whole=len(rows)),
    )


def left_out_notes(num_blank: int, what: str, *, kept: int, whole: int) -> list[str]:
    """What a reader must know of rows that were not measured.

    Args:
        num_blank: Rows with a blank text.
        what: What a row is, in the plural.
        kept: Rows measured.
        whole: Rows with text.

    Returns:
        One sentence each.
    """
    notes = [f"{num_blank} {what} have a blank text and were left out"] if num_blank else []
    return [*notes, f"a seeded sample of {kept} of {whole} {what}"] if kept < whole else notes


def _score(path: Path, line: int, row: dict[str, object]) -> float:
    value = row.get("score")
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise DatasetError(path, f"field 'score' is missing or no number (there are {', '.join(row)})", line=line)
    return float(value)
