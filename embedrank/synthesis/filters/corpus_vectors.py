"""The vectors of all passages on disk: made once, taken up again after an interruption, read a block at a time.

passages.f32     one vector a passage
passages.json    how many are durable, of which model, and the digest of the passages they are of
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from embedrank.core.durable import replace_durably
from embedrank.core.errors import ResumeError, StorageError
from embedrank.core.protocols import Encoder
from embedrank.core.types import FloatArray, joined_text
from embedrank.core.vector_file import VectorFile
from embedrank.synthesis.passage import Passage

_ENCODE_BLOCK: Final = 256
_SEARCH_BLOCK: Final = 4096


class CorpusVectors:
    """What queries are held against. In memory are 16 bytes a passage and one block of vectors."""

    def __init__(
        self, folder: Path, passages: Iterable[Passage], encoder: Encoder, *, tell: Callable[[int], None]
    ) -> None:
        """Take up what is there and encode the rest.

        Args:
            folder: Where they are kept.
            passages: The corpus from its beginning.
            encoder: Embeds them.
            tell: Told the number of passages embedded so far after each block.

        Raises:
            ResumeError: If the folder holds vectors of another model or of other passages.
            StorageError: If it cannot be written or is damaged.
        """
        self._journal = folder / "passages.json"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            done = self._read_journal(encoder)
            self._file = VectorFile(folder / "passages.f32", encoder.dim, done["num_passages"])
            self._fill(passages, encoder, done, tell)
        except OSError as error:
            raise StorageError(folder, f"cannot write: {error.strerror or error}") from error

    def place_of(self, passage_id: str) -> int | None:
        """Where a passage stands in the corpus, or None."""
        key = np.uint64(_id_digest(passage_id))
        at = int(np.searchsorted(self._ids, key, sorter=self._order))
        place = int(self._order[at]) if at < len(self._order) else None
        return place if place is not None and self._ids[place] == key else None

    def ranks(
        self, queries: FloatArray, scores: npt.NDArray[np.float32], own: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.int64]:
        """At which place each query finds its positive among all passages, by exact search.

        Args:
            queries: Float32 `[n, dim]`, unit rows.
            scores: Float32 `[n]`: cosine of each query and its positive.
            own: Int64 `[n]`: the place of the passage that the positive was made of, which is no rival; -1 for none.

        Returns:
            Int64 `[n]` from 1. Passages with the same score as the positive, such as its copies, stand behind it.
        """
        num_better = np.zeros(len(queries), dtype=np.int64)
        start = 0
        for block in self._file.blocks(_SEARCH_BLOCK):
            found = queries @ block.T
            mine = np.flatnonzero((own >= start) & (own < start + len(block)))
            found[mine, own[mine] - start] = -np.inf
            num_better += (found > scores[:, None] + 1e-6).sum(axis=1)  # sums in another order differ by less
            start += len(block)
        return num_better + 1

    def _read_journal(self, encoder: Encoder) -> dict[str, Any]:
        if not self._journal.exists():
            return {"encoder": encoder.fingerprint, "dim": encoder.dim, "num_passages": 0, "digest": ""}
        try:
            done: dict[str, Any] = json.loads(self._journal.read_text(encoding="utf-8"))
            given = {"encoder": encoder.fingerprint, "dim": encoder.dim}
            differences = [
                f"{name} was {done[name]}, is {value}" for name, value in given.items() if done[name] != value
            ]
        except (ValueError, KeyError, TypeError) as error:
            raise StorageError(self._journal, f"is damaged: {error} (remove it)") from error
        if differences:
            raise ResumeError(self._journal.parent, differences)
        return done

    def _fill(
        self, passages: Iterable[Passage], encoder: Encoder, done: dict[str, Any], tell: Callable[[int], None]
    ) -> None:
        seen, ids, num_seen = hashlib.blake2b(digest_size=16), [], 0
        for block in _blocks(passages, done["num_passages"]):
            texts = [joined_text(passage.title, passage.text) for passage in block]
            for passage, text in zip(block, texts, strict=True):
                seen.update(f"{passage.id}\0{text}\0".encode("utf-8", errors="surrogatepass"))
            ids.append(np.fromiter((_id_digest(passage.id) for passage in block), dtype=np.uint64))
            num_seen += len(block)
            if num_seen > done["num_passages"]:
                self._file.append(encoder.encode_documents(texts))
                journal = {**done, "num_passages": num_seen, "digest": seen.hexdigest()}
                replace_durably(self._journal, json.dumps(journal) + "\n")
                tell(num_seen)
            elif num_seen == done["num_passages"] and seen.hexdigest() != done["digest"]:
                raise ResumeError(self._journal.parent, ["the passages are not those that were embedded"])
        self._ids = np.concatenate([*ids, np.empty(0, dtype=np.uint64)])
        if num_seen < done["num_passages"]:
            raise ResumeError(self._journal.parent, [f"passages were {done['num_passages']} or more, are {num_seen}"])
        self._order = np.argsort(self._ids, kind="stable")


def _blocks(passages: Iterable[Passage], num_done: int) -> Iterator[list[Passage]]:
    """Passages in blocks, one of which ends where an earlier run did."""
    remaining, left = iter(passages), num_done
    while block := list(islice(remaining, min(_ENCODE_BLOCK, left) or _ENCODE_BLOCK)):
        left = max(0, left - len(block))
        yield block


def _id_digest(passage_id: str) -> int:
    return int.from_bytes(
        hashlib.blake2b(passage_id.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little"
    )
