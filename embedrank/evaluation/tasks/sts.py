"""Semantic textual similarity: does the cosine of two sentences rise with how alike people find them?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from embedrank.core.errors import DatasetError
from embedrank.core.types import FloatArray
from embedrank.evaluation.prompted_encoder import PromptedEncoder
from embedrank.evaluation.sentence_pairs import SentencePairs, load_pairs
from embedrank.evaluation.split_files import Sample
from embedrank.evaluation.tasks.task import Measured, by_language


@dataclass(frozen=True, slots=True, kw_only=True)
class Sts:
    """Scored pairs."""

    pairs: SentencePairs

    name: ClassVar[str] = "sts"
    benchmark_type: ClassVar[str] = "STS"
    main_metric: ClassVar[str] = "spearman"

    @classmethod
    def load(cls, folder: Path, split: str, sample: Sample) -> Sts:
        """Read a split of `sentence1`, `sentence2`, `score`.

        Args:
            folder: The folder.
            split: Name of the file without suffix.
            sample: How many pairs are kept.

        Returns:
            The task.

        Raises:
            DatasetError: If the file cannot be used, or all scores are the same.
        """
        pairs = load_pairs(folder, split, sample, scored=True)
        if len(set(pairs.scores)) < 2:
            raise DatasetError(folder, f"all scores of {split!r} are the same, so that nothing can follow them")
        return cls(pairs=pairs)

    @property
    def num_texts(self) -> int:
        """Different sentences."""
        return self.pairs.num_texts

    def measure(self, encoder: PromptedEncoder) -> Measured:
        """Rank correlation of cosine and score.

        Args:
            encoder: Reads both sides alike.

        Returns:
            `spearman` and `pearson`, -1..1.

        Source:
            Reimers et al., "Task-Oriented Intrinsic Evaluation of Semantic Textual Similarity", COLING 2016; mteb, STS
        """
        cosines_N, scores_N = pair_cosines(self.pairs, encoder), np.asarray(self.pairs.scores)

        def correlations(rows: Sequence[int]) -> Mapping[str, float]:
            return {
                "spearman": _correlation("spearmanr", cosines_N[list(rows)], scores_N[list(rows)]),
                "pearson": _correlation("pearsonr", cosines_N[list(rows)], scores_N[list(rows)]),
            }

        metrics, languages = by_language(self.pairs.languages, correlations)
        counts = {"num_pairs": len(scores_N)}
        return Measured(metrics=metrics, counts=counts, by_language=languages, notes=self.pairs.notes)


def pair_cosines(pairs: SentencePairs, encoder: PromptedEncoder) -> FloatArray:
    """Cosine of the two sentences of each pair.

    Args:
        pairs: N pairs.
        encoder: Reads both sides alike.

    Returns:
        Float32 `[N]`.
    """
    cosines_N: FloatArray = np.einsum("nd,nd->n", *pairs.vectors(encoder))
    return cosines_N


def _correlation(kind: str, cosines_N: FloatArray, scores_N: FloatArray) -> float:
    from scipy import stats

    if np.ptp(cosines_N) == 0 or np.ptp(scores_N) == 0:
        return 0.0  # nothing varies, so that nothing goes together; scipy says nan and warns
    return float(getattr(stats, kind)(cosines_N, scores_N).statistic)
