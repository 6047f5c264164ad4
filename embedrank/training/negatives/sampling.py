"""The order in which usable documents are taken as negatives.

Shape suffix: K usable documents, best first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

import numpy as np

from embedrank.core.types import FloatArray
from embedrank.training.negatives.config import MiningConfig
from embedrank.training.negatives.top_k import Places

Sampling: TypeAlias = Callable[[FloatArray, np.random.Generator, MiningConfig], Places]


def best_first(scores_K: FloatArray, rng: np.random.Generator, config: MiningConfig) -> Places:
    """As they stand."""
    return np.arange(len(scores_K))


def at_random(scores_K: FloatArray, rng: np.random.Generator, config: MiningConfig) -> Places:
    """Each order as likely as any other."""
    return rng.permutation(len(scores_K))


def weighted(scores_K: FloatArray, rng: np.random.Generator, config: MiningConfig) -> Places:
    """One after another without putting back, each with weight `exp(score / temperature)`.

    Source: Gumbel-top-k, arXiv 1903.06059, section 3: sorting by score plus Gumbel noise is such a draw.
    """
    return np.argsort(-(scores_K / config.temperature + rng.gumbel(size=len(scores_K))), kind="stable")


SAMPLING: Final[Mapping[str, Sampling]] = {"top": best_first, "random": at_random, "weighted": weighted}


def draw_order(scores_K: FloatArray, config: MiningConfig, *, row: int) -> Places:
    """The order in which the documents of a row are taken.

    Args:
        scores_K: Their scores.
        config: How to draw, and the seed.
        row: Number of the row; with the seed it decides the draw.

    Returns:
        A permutation of 0..K-1.
    """
    return SAMPLING[config.sampling](scores_K, np.random.default_rng([config.seed, row]), config)
