"""Logits and probabilities of rerankers that give one of the two."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from embedrank.core.types import FloatArray

_LEAST: Final = 1e-12  # keeps 0 and 1 finite, and apart from all that a float32 can say


def sigmoid(logits: FloatArray) -> FloatArray:
    """Logits to probabilities.

    Args:
        logits: Any finite numbers.

    Returns:
        Float32, 0..1.
    """
    return (0.5 * (1.0 + np.tanh(0.5 * logits.astype(np.float64)))).astype(np.float32)


def log_odds(probabilities: npt.NDArray[np.float64]) -> FloatArray:
    """Probabilities to logits.

    Args:
        probabilities: 0..1.

    Returns:
        Float32, finite.
    """
    inside = np.clip(probabilities, _LEAST, 1.0 - _LEAST)
    return (np.log(inside) - np.log1p(-inside)).astype(np.float32)
