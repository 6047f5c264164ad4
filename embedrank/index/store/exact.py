"""Exact search: every vector in memory, one matrix product a query."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from embedrank.core.types import FloatArray, Scored

BoolArray = npt.NDArray[np.bool_]


def unit(vector: FloatArray) -> FloatArray:
    """The vector or rows at length 1; zero stays zero."""
    norms = np.linalg.norm(vector, axis=-1, keepdims=True)
    scaled: FloatArray = (vector / np.where(norms > 0, norms, 1)).astype(np.float32)
    return scaled


def best(ids: Sequence[str], scores: FloatArray, top: int) -> list[Scored]:
    """The highest scores, best first; equal scores in the order of their ids.

    Args:
        ids: One id a score.
        scores: Float32 `[n]`; minus infinity marks what must not be returned.
        top: How many.

    Returns:
        At most `top` rows.
    """
    allowed = np.flatnonzero(scores > -np.inf)
    if len(allowed) > top:
        threshold = np.partition(scores[allowed], len(allowed) - top)[len(allowed) - top]
        allowed = allowed[scores[allowed] >= threshold]
    ranked = sorted((-float(scores[place]), ids[place]) for place in allowed.tolist())
    return [Scored(id=name, score=-score) for score, name in ranked[:top]]


class ExactVectors:
    """All unit vectors of one version of a table."""

    def __init__(self, ids: Sequence[str], vectors: FloatArray, *, version: int) -> None:
        self.ids = ids
        self.vectors = vectors
        self.version = version
        self._places = {name: place for place, name in enumerate(ids)}
        self._prefix_scales: dict[int, FloatArray] = {}

    def search(self, query: FloatArray, *, top: int, allowed: Iterable[str] | None = None) -> list[Scored]:
        """The rows nearest by cosine.

        Args:
            query: Unit vector; a shorter one is compared with renormalised prefixes.
            top: How many.
            allowed: Ids to choose from; None means all.

        Returns:
            At most `top` rows, best first.
        """
        dim = len(query)
        scores = self.vectors[:, :dim] @ query
        if dim < self.vectors.shape[1]:
            scores = scores * self._prefix_scale(dim)
        if allowed is not None:
            scores = np.where(self._mask(allowed), scores, np.float32(-np.inf))
        return best(self.ids, scores, top)

    def rows(self, ids: Sequence[str]) -> dict[str, FloatArray]:
        """The vectors of those ids that are there."""
        return {name: self.vectors[self._places[name]] for name in ids if name in self._places}

    def _mask(self, allowed: Iterable[str]) -> BoolArray:
        mask = np.zeros(len(self.ids), dtype=np.bool_)
        mask[[self._places[name] for name in allowed if name in self._places]] = True
        return mask

    def _prefix_scale(self, dim: int) -> FloatArray:
        """One over the length of each row's prefix; kept, because the funnel asks for the same prefix every time."""
        if dim not in self._prefix_scales:
            norms = np.linalg.norm(self.vectors[:, :dim], axis=1)
            self._prefix_scales[dim] = (1 / np.where(norms > 0, norms, 1)).astype(np.float32)
        return self._prefix_scales[dim]
