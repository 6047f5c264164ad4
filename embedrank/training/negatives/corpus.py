"""The documents of a run on disk: distinct texts by number, of which only digests and ends are in memory.

texts.utf8     all texts, end to end
ends.i64       where each ends
digests.u64    digest of each
places.i64     numbers of those that are the first with their digest: the documents
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from embedrank.core.same_text import Digests, digest

_TEXTS, _ENDS, _DIGESTS, _PLACES = "texts.utf8", "ends.i64", "digests.u64", "places.i64"


@dataclass(frozen=True, slots=True, kw_only=True)
class CorpusCounts:
    """What was read of a corpus.

    Attributes:
        num_read: Texts read.
        num_blank: Of them without a character; left out.
        num_repeated: Of them the same as an earlier one; left out.
        num_repeated_positives: Of these the same text as a positive of some row.
    """

    num_read: int = 0
    num_blank: int = 0
    num_repeated: int = 0
    num_repeated_positives: int = 0

    @property
    def num_documents(self) -> int:
        """Distinct texts."""
        return self.num_read - self.num_blank - self.num_repeated


def write_corpus(folder: Path, texts: Iterable[str]) -> tuple[CorpusCounts, Digests]:
    """Put a corpus on disk, durably, the first of equal texts only.

    Args:
        folder: Where to.
        texts: All its texts, in order.

    Returns:
        What was read, and the digests of what was left out as repeated.
    """
    num_read = num_blank = end = 0
    with (
        (folder / _TEXTS).open("wb") as bodies,
        (folder / _ENDS).open("wb") as ends,
        (folder / _DIGESTS).open("wb") as digests,
    ):
        for text in texts:
            num_read += 1
            if not text.strip():
                num_blank += 1
                continue
            end += bodies.write(text.encode("utf-8"))
            ends.write(end.to_bytes(8, "little"))
            digests.write(digest(text).to_bytes(8, "little"))
    known = np.fromfile(folder / _DIGESTS, dtype="<u8")
    places = np.sort(np.unique(known, return_index=True)[1])
    places.astype("<i8").tofile(folder / _PLACES)
    for name in (_TEXTS, _ENDS, _DIGESTS, _PLACES):
        with (folder / name).open("rb") as file:
            os.fsync(file.fileno())
    repeated = np.delete(known, places)
    return CorpusCounts(num_read=num_read, num_blank=num_blank, num_repeated=len(repeated)), repeated


class Corpus:
    """A corpus that `write_corpus` wrote.

    Attributes:
        digests: Of its documents, in order.
    """

    def __init__(self, folder: Path) -> None:
        """Open it.

        Args:
            folder: Where it lies.
        """
        places = np.fromfile(folder / _PLACES, dtype="<i8")
        ends = np.fromfile(folder / _ENDS, dtype="<i8")
        self.digests: Digests = np.fromfile(folder / _DIGESTS, dtype="<u8")[places]
        self._order = np.argsort(self.digests)
        self._ends: npt.NDArray[np.int64] = ends[places]
        self._starts: npt.NDArray[np.int64] = np.concatenate([np.zeros(1, dtype=np.int64), ends])[places]
        self._file = (folder / _TEXTS).open("rb")  # read, not mapped: mapped pages would count as memory

    def __len__(self) -> int:
        return len(self.digests)

    def place_of(self, wanted: int) -> int | None:
        """The document with a digest, or None."""
        at = int(np.searchsorted(self.digests, np.uint64(wanted), sorter=self._order))
        place = int(self._order[at]) if at < len(self) else None
        return place if place is not None and int(self.digests[place]) == wanted else None

    def text(self, place: int) -> str:
        """The text of a document, by its number from 0."""
        self._file.seek(self._starts[place])
        return self._file.read(self._ends[place] - self._starts[place]).decode("utf-8")

    def texts(self, places: Iterable[int]) -> list[str]:
        """The texts of some documents."""
        return [self.text(place) for place in places]

    def close(self) -> None:
        """Close its file."""
        self._file.close()
