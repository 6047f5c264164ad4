"""Bitext mining: is the nearest sentence of the other language the translation?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final

import numpy as np
import numpy.typing as npt

from embedrank.core.types import FloatArray
from embedrank.evaluation.prompted_encoder import PromptedEncoder
from embedrank.evaluation.sentence_pairs import SentencePairs, load_pairs
from embedrank.evaluation.split_files import Sample
from embedrank.evaluation.tasks.task import Measured, by_language

_ROWS_PER_BLOCK: Final = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Bitext:
    """Translations of each other, in one or several pairs of languages."""

    pairs: SentencePairs

    name: ClassVar[str] = "bitext"
    benchmark_type: ClassVar[str] = "BitextMining"
    main_metric: ClassVar[str] = "f1"

    @classmethod
    def load(cls, folder: Path, split: str, sample: Sample) -> Bitext:
        """Read a split of `sentence1`, `sentence2`, and perhaps `lang`.

        Args:
            folder: The folder.
            split: Name of the file without suffix.
            sample: How many pairs are kept.

        Returns:
            The task.

        Raises:
            DatasetError: If the file cannot be used.
        """
        return cls(pairs=load_pairs(folder, split, sample, scored=False))

    @property
    def num_texts(self) -> int:
        """Different sentences."""
        return self.pairs.num_texts

    def measure(self, encoder: PromptedEncoder) -> Measured:
        """F1 of the nearest neighbour, from the first sentences to the second and back.

        Args:
            encoder: Reads both sides alike.

        Returns:
            `f1` and `accuracy` from first to second as mteb has them, `f1_back` from second to first, 0..1.

        Source:
            mteb, AbsTaskBitextMining: weighted F1 over the sentences as classes
        """
        first_ND, second_ND = self.pairs.vectors(encoder)

        def mine(rows: Sequence[int]) -> Mapping[str, float]:
            there = mined(nearest(first_ND[list(rows)], second_ND[list(rows)]))
            back = mined(nearest(second_ND[list(rows)], first_ND[list(rows)]))
            return {**there, "f1_back": back["f1"]}

        metrics, languages = by_language(self.pairs.languages, mine)
        notes = [*self.pairs.notes, *_repeated(self.pairs), *_easier(self.pairs)]
        return Measured(metrics=metrics, counts={"num_pairs": len(first_ND)}, by_language=languages, notes=notes)


def nearest(queries_ND: FloatArray, others_MD: FloatArray) -> npt.NDArray[np.int64]:
    """Place of the row with the largest cosine.

    Args:
        queries_ND: Unit rows.
        others_MD: Unit rows.

    Returns:
        Int64 `[N]`, each in 0..M-1.
    """
    blocks = [queries_ND[start : start + _ROWS_PER_BLOCK] for start in range(0, len(queries_ND), _ROWS_PER_BLOCK)]
    return np.concatenate([(block @ others_MD.T).argmax(axis=1) for block in blocks])


def mined(places: npt.NDArray[np.int64]) -> dict[str, float]:
    """How often row i found row i.

    Args:
        places: What each row found.

    Returns:
        `f1` and `accuracy`.
    """
    from sklearn.metrics import accuracy_score, f1_score

    right = np.arange(len(places))
    return {
        "f1": float(f1_score(right, places, average="weighted", zero_division=0)),
        "accuracy": float(accuracy_score(right, places)),
    }


def _repeated(pairs: SentencePairs) -> list[str]:
    """A sentence that stands in a language twice has two right answers, of which one counts."""
    seen = {(language, text) for language, text in zip(pairs.languages, pairs.second, strict=True)}
    count = len(pairs.second) - len(seen)
    return (
        [f"{count} second sentences repeat an earlier one, so that a right answer may count as wrong"] if count else []
    )


def _easier(pairs: SentencePairs) -> list[str]:
    is_sample = pairs.num_before_sampling > len(pairs.first)
    return ["a sample is easier than the whole, because fewer sentences can be confused"] if is_sample else []
