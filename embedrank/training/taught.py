"""Vectors that a teacher gave texts beforehand: distillation without the teacher.

A folder holds `keys.npy` (sorted 63-bit hashes of texts), `places.npy` (which vector each has) and `vectors.npy`
(float16 `[n, dim]`). Several texts may share a vector: a translation is taught the vector of its original, as in
arXiv 2004.09813. A text that is not there has no opinion held of it: its row is NaN, and losses leave it out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from embedrank.core.errors import DatasetError
from embedrank.core.types import FloatArray
from embedrank.training.rows import TrainingRow
from embedrank.training.tokenized import text_id

_FILES = ("keys", "places", "vectors")


class TaughtVectors:
    """A `VectorTeacher` that looks vectors up."""

    def __init__(self, keys: npt.NDArray[np.int64], places: npt.NDArray[np.int64], vectors: FloatArray) -> None:
        """Put it together.

        Args:
            keys: Sorted hashes of texts, `text_id`.
            places: For each of them, its row in `vectors`.
            vectors: `[n, dim]`, of any length.
        """
        self._keys, self._places, self._vectors = keys, places, vectors

    @classmethod
    def load(cls, folder: Path) -> TaughtVectors:
        """Open a folder written by `write_taught`; vectors stay on disk.

        Args:
            folder: The folder.

        Returns:
            The teacher.

        Raises:
            DatasetError: If a file is missing or does not go with the others.
        """
        try:
            keys, places, vectors = (np.load(folder / f"{name}.npy", mmap_mode="r") for name in _FILES)
        except (OSError, ValueError) as error:
            raise DatasetError(folder, f"holds no taught vectors ({error})") from error
        if keys.shape != places.shape or vectors.ndim != 2 or (len(places) and places.max() >= len(vectors)):
            raise DatasetError(folder, "has keys, places and vectors that do not go together")
        return cls(np.asarray(keys), np.asarray(places), vectors)

    def vectors(
        self, rows: Sequence[TrainingRow], documents: Sequence[Sequence[str]], *, dim: int | None = None
    ) -> FloatArray:
        """As `VectorTeacher.vectors`; unknown texts get NaN.

        Args:
            rows: Their queries come first.
            documents: Some documents of each row.
            dim: Leading dimensions wanted.

        Returns:
            Unit vectors `[T, U]`; zeros are appended where fewer than `dim` dimensions are known.
        """
        texts = [row.query for row in rows] + [some[0] for some in documents]
        texts += [text for some in documents for text in some[1:]]
        wanted = np.array([text_id(text) for text in texts], dtype=np.int64)
        at = np.minimum(np.searchsorted(self._keys, wanted), max(len(self._keys) - 1, 0))
        known = self._keys[at] == wanted if len(self._keys) else np.zeros(len(texts), dtype=bool)
        width = self._vectors.shape[1]
        found = np.zeros((len(texts), max(width, dim or 0)), dtype=np.float32)
        found[known, :width] = self._vectors[self._places[at[known]]]
        found[~known] = np.nan
        unit: FloatArray = found[:, :dim] / np.linalg.norm(found[:, :dim], axis=1, keepdims=True)
        return unit


def write_taught(folder: Path, places: Mapping[str, int], vectors: FloatArray) -> None:
    """Write what `TaughtVectors.load` reads.

    Args:
        folder: Made where it is not there.
        places: Text to its row in `vectors`.
        vectors: `[n, dim]`; kept as float16.
    """
    folder.mkdir(parents=True, exist_ok=True)
    keys = np.fromiter(map(text_id, places), dtype=np.int64, count=len(places))
    rows = np.fromiter(places.values(), dtype=np.int64, count=len(places))
    order = np.argsort(keys)
    np.save(folder / "keys.npy", keys[order])
    np.save(folder / "places.npy", rows[order])
    np.save(folder / "vectors.npy", vectors.astype(np.float16))
