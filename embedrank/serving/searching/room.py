"""Everything that routes of searching work with, for as long as the server runs."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from embedrank.serving.searching.corpus_map import CorpusMap
from embedrank.serving.searching.jobs import Jobs
from embedrank.serving.searching.library import Library
from embedrank.serving.searching.locations import Locations
from embedrank.serving.searching.thumbs import FEEDBACK, Thumbs
from embedrank.serving.searching.uploads import UPLOADS, Uploads


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """An open index with all that belongs to it.

    Attributes:
        library: The index.
        locations: How its paths are shown.
        jobs: Writing, one after the other.
        uploads: The folder of uploaded files.
        thumbs: What users thought of answers.
        corpus_map: The index as points of a plane.
        map_turn: Whose turn it is to have that drawn; those who wait for it take no thread.
    """

    library: Library
    locations: Locations
    jobs: Jobs
    uploads: Uploads
    thumbs: Thumbs
    corpus_map: CorpusMap
    map_turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    @classmethod
    def around(cls, library: Library) -> Room:
        """Furnish a room around an open index; blocks.

        Args:
            library: The index.

        Returns:
            The room.

        Raises:
            EmbedrankError: If feedback that is there cannot be read.
        """
        folder, settings = library.folder, library.settings
        return cls(
            library=library,
            locations=Locations(library.reader.catalogue),
            jobs=Jobs(library.writer, settings),
            uploads=Uploads(folder / UPLOADS),
            thumbs=Thumbs(folder / FEEDBACK, max_thumbs=settings.max_thumbs),
            corpus_map=CorpusMap(library.reader.catalogue, max_points=settings.map_points),
        )

    def close(self) -> None:
        """End the job in hand after its next batch, and wait for it and for searches; blocks."""
        self.jobs.close()
        self.library.close()
