"""The index as points of a plane, made anew only when the index has changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from embedrank.core.types import Chunk
from embedrank.search.catalogue import Catalogue
from embedrank.serving.searching.neighbour_layout import neighbour_layout
from embedrank.serving.searching.projection import in_unit_square, principal_plane

_SEED: Final = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class MapPoint:
    """One chunk.

    Attributes:
        chunk: The chunk.
        x: Its place, 0..1.
        y: Likewise.
    """

    chunk: Chunk
    x: float
    y: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """The map of one version of an index.

    Attributes:
        version: That version.
        num_chunks: Chunks of the index.
        points: The chunks shown, in the order of their ids.
    """

    version: int
    num_chunks: int
    points: Sequence[MapPoint]


class CorpusMap:
    """Draws an index."""

    def __init__(self, catalogue: Catalogue, *, max_points: int) -> None:
        """Remember what to draw.

        Args:
            catalogue: The index.
            max_points: Chunks shown; of a larger index a sample, the same for the same chunks.
        """
        self._catalogue, self._max_points = catalogue, max_points
        self._picture: Picture | None = None

    def picture(self) -> Picture:
        """The map of the index as it is now; one caller at a time.

        Returns:
            The map.

        Raises:
            StorageError: If the index cannot be read.
        """
        version = self._catalogue.version
        if self._picture is None or self._picture.version != version:
            self._picture = self._drawn(version)
        return self._picture

    def _drawn(self, version: int) -> Picture:
        ids = self._catalogue.chunk_ids()
        shown = ids
        if len(ids) > self._max_points:
            places = np.random.default_rng(_SEED).choice(len(ids), size=self._max_points, replace=False)
            shown = [ids[place] for place in sorted(places.tolist())]
        vectors = self._catalogue.vectors(shown)
        chunks = [chunk for chunk in self._catalogue.chunks(shown) if chunk.id in vectors]
        if not chunks:
            return Picture(version=version, num_chunks=len(ids), points=())
        stacked = np.stack([vectors[chunk.id] for chunk in chunks])
        places_N2 = in_unit_square(neighbour_layout(stacked, principal_plane(stacked)))
        points = [
            MapPoint(chunk=chunk, x=float(x), y=float(y)) for chunk, (x, y) in zip(chunks, places_N2, strict=True)
        ]
        return Picture(version=version, num_chunks=len(ids), points=points)
