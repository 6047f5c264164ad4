"""The way to the library: opened when it is first needed, which takes models, and once for all who wait."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias

from embedrank.core.errors import NotServedError
from embedrank.serving.searching.corpus_map import CorpusMap
from embedrank.serving.searching.jobs import Jobs
from embedrank.serving.searching.library import Library
from embedrank.serving.searching.locations import Locations
from embedrank.serving.searching.thumbs import Thumbs
from embedrank.serving.searching.uploads import UPLOADS, Uploads

Opener: TypeAlias = Callable[[], Awaitable[Library]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """Everything that routes of searching work with.

    Attributes:
        library: The index.
        locations: How its paths are shown.
        jobs: Writing, one after the other.
        uploads: The folder of uploaded files.
        thumbs: What users thought of answers.
        corpus_map: The index as points of a plane.
    """

    library: Library
    locations: Locations
    jobs: Jobs
    uploads: Uploads
    thumbs: Thumbs
    corpus_map: CorpusMap


class Door:
    """Opens the room once. A failure is told to those who wait and tried again for the next."""

    def __init__(self, opener: Opener | None) -> None:
        """Keep the door shut.

        Args:
            opener: Opens the library; None where none is served.
        """
        self._opener = opener
        self._lock = asyncio.Lock()
        self._room: Room | None = None

    @property
    def is_open(self) -> bool:
        """Whether the index is open."""
        return self._room is not None

    async def room(self) -> Room:
        """The room, opened if it has to be.

        Returns:
            The room.

        Raises:
            NotServedError: If the server has no index.
            EmbedrankError: If it cannot be opened.
        """
        if self._opener is None:
            raise NotServedError("index", hint="start the server with --index FOLDER")
        async with self._lock:
            if self._room is None:
                library = await self._opener()
                self._room = await asyncio.to_thread(_furnished, library)
        return self._room

    async def close(self) -> None:
        """End the job in hand at its next whole step, wait for searches, and let go."""
        room, self._room, self._opener = self._room, None, None
        if room is not None:
            await asyncio.to_thread(room.jobs.close)
            await asyncio.to_thread(room.library.close)


def _furnished(library: Library) -> Room:
    folder, settings = library.folder, library.settings
    return Room(
        library=library,
        locations=Locations(library.reader.catalogue),
        jobs=Jobs(library.writer, settings),
        uploads=Uploads(folder / UPLOADS),
        thumbs=Thumbs(folder / "feedback", max_thumbs=settings.max_thumbs),
        corpus_map=CorpusMap(library.reader.catalogue, max_points=settings.map_points),
    )
