"""Pair classification: does the cosine tell paraphrases and duplicates from other pairs?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from embedrank.core.errors import DatasetError
from embedrank.core.types import FloatArray
from embedrank.evaluation.prompted_encoder import PromptedEncoder
from embedrank.evaluation.sentence_pairs import SentencePairs, load_pairs
from embedrank.evaluation.split_files import Sample
from embedrank.evaluation.tasks.sts import pair_cosines
from embedrank.evaluation.tasks.task import Measured, by_language


@dataclass(frozen=True, slots=True, kw_only=True)
class PairClassification:
    """Pairs labelled 0 or 1."""

    pairs: SentencePairs

    name: ClassVar[str] = "pair_classification"
    benchmark_type: ClassVar[str] = "PairClassification"
    main_metric: ClassVar[str] = "average_precision"

    @classmethod
    def load(cls, folder: Path, split: str, sample: Sample) -> PairClassification:
        """Read a split of `sentence1`, `sentence2`, `score` 0 or 1.

        Args:
            folder: The folder.
            split: Name of the file without suffix.
            sample: How many pairs are kept.

        Returns:
            The task.

        Raises:
            DatasetError: If the file cannot be used, a score is neither 0 nor 1, or one of the two is missing.
        """
        pairs = load_pairs(folder, split, sample, scored=True)
        found = sorted(set(pairs.scores))
        if found != [0, 1]:
            shown = ", ".join(f"{score:g}" for score in found[:5])
            raise DatasetError(folder, f"pair classification needs scores 0 and 1; {split!r} has {shown}")
        return cls(pairs=pairs)

    @property
    def num_texts(self) -> int:
        """Different sentences."""
        return self.pairs.num_texts

    def measure(self, encoder: PromptedEncoder) -> Measured:
        """Average precision, and accuracy and F1 at the threshold that is best for each.

        Args:
            encoder: Reads both sides alike.

        Returns:
            `average_precision`, `accuracy`, `f1`, 0..1.

        Source:
            mteb, AbsTaskPairClassification: thresholds are chosen on the measured split itself
        """
        cosines_N = pair_cosines(self.pairs, encoder)
        labels_N = np.asarray(self.pairs.scores, dtype=np.int64)

        def judge(rows: Sequence[int]) -> Mapping[str, float]:
            return judged_pairs(labels_N[list(rows)], cosines_N[list(rows)])

        metrics, languages = by_language(self.pairs.languages, judge)
        counts = {"num_pairs": len(labels_N)}
        return Measured(metrics=metrics, counts=counts, by_language=languages, notes=self.pairs.notes)


def judged_pairs(labels_N: npt.NDArray[np.int64], scores_N: FloatArray) -> dict[str, float]:
    """How well scores part positives from negatives.

    Args:
        labels_N: 0 or 1 of each pair.
        scores_N: Higher is more alike.

    Returns:
        `average_precision`, and the best `accuracy` and `f1` that a threshold reaches.
    """
    from sklearn.metrics import average_precision_score, precision_recall_curve, roc_curve

    num_positives = int(labels_N.sum())
    num_negatives = len(labels_N) - num_positives
    if not num_positives or not num_negatives:  # one language of several may have one label only
        return {"average_precision": float(num_positives > 0), "accuracy": 1.0, "f1": float(num_positives > 0)}
    false_rates, true_rates, _ = roc_curve(labels_N, scores_N, drop_intermediate=False)
    right = true_rates * num_positives + (1 - false_rates) * num_negatives
    precision, recall, _ = precision_recall_curve(labels_N, scores_N)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    return {
        "average_precision": float(average_precision_score(labels_N, scores_N)),
        "accuracy": float(right.max() / len(labels_N)),
        "f1": float(f1.max()),
    }
