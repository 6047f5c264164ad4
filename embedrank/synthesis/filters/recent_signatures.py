"""Texts seen lately, so that near copies of them are found: MinHash signatures in an LSH index of bounded size."""

from __future__ import annotations

import hashlib
import re
from collections import deque
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from embedrank.core.same_text import folded

NUM_PERMUTATIONS: Final = 128
_SHINGLE: Final = 4  # characters: works in every script, and a word more or less changes few of them
_NUMBER_WEIGHT: Final = 12  # shingles that a number counts as: type 1 and type 2 are two things
_NUMBER: Final = re.compile(r"\d+")
_SEED: Final = 1

Signature = npt.NDArray[np.uint32]


def signature(text: str) -> Signature:
    """The MinHash of a text's runs of characters, and of its numbers, which count more than their few characters.

    Args:
        text: Any text; case, white space and punctuation do not count.

    Returns:
        Uint32 `[128]`. The share of equal places of two signatures estimates the Jaccard similarity of their texts.
    """
    form = folded(text)
    shingles = {form[start : start + _SHINGLE] for start in range(max(1, len(form) - _SHINGLE + 1))}
    for number in _NUMBER.findall(text):
        shingles.update(f"{number} {copy}" for copy in range(_NUMBER_WEIGHT))
    made = _empty().copy()
    made.update_batch([shingle.encode("utf-8", errors="surrogatepass") for shingle in shingles])
    values: Signature = made.hashvalues.astype(np.uint32)
    return values


class RecentSignatures:
    """The last so many signatures that were added; older ones are forgotten."""

    def __init__(self, threshold: float, most: int) -> None:
        """Begin with none.

        Args:
            threshold: Least share of equal places to count as near, 0..1.
            most: How many are kept.
        """
        self._threshold, self._most = threshold, most
        self._names: deque[str] = deque()
        self.clear()

    def clear(self) -> None:
        """Forget all."""
        from datasketch import MinHashLSH

        self._index: Any = MinHashLSH(threshold=self._threshold, num_perm=NUM_PERMUTATIONS, hashfunc=_short)
        self._signatures: dict[str, Signature] = {}
        self._names.clear()

    def add(self, name: str, made: Signature) -> None:
        """Remember one under a name that is new; forget the oldest if there are too many."""
        if len(self._names) == self._most:
            oldest = self._names.popleft()
            self._index.remove(oldest)
            del self._signatures[oldest]
        self._index.insert(name, _minhash(made), check_duplication=False)
        self._signatures[name] = made
        self._names.append(name)

    def nearest(self, made: Signature) -> tuple[str, float] | None:
        """The most similar one that is near enough, and how similar it is; of equals the one whose name comes first."""
        candidates: Iterable[str] = self._index.query(_minhash(made))
        near = [(-float(np.mean(self._signatures[name] == made)), name) for name in candidates]
        best = min(near, default=(0.0, ""))
        return (best[1], -best[0]) if best[1] and -best[0] >= self._threshold else None


@lru_cache(maxsize=1)
def _empty() -> Any:
    """A MinHash of nothing; drawing its permutations takes longer than hashing a query."""
    from datasketch import MinHash

    return MinHash(num_perm=NUM_PERMUTATIONS, seed=_SEED, hashfunc=_hash)


def _minhash(made: Signature) -> Any:
    from datasketch import LeanMinHash

    return LeanMinHash(seed=_SEED, hashvalues=made.astype(np.uint64))


def _hash(shingle: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(shingle, digest_size=4).digest(), "little")


def _short(band: bytes) -> int:
    """A key of a band that takes less memory than its bytes."""
    return int.from_bytes(hashlib.blake2b(band, digest_size=8).digest(), "little")
