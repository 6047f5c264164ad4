"""When two texts count as the same: equal after folding case, white space and Unicode's compatible forms."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

Digests = npt.NDArray[np.uint64]

_BYTES = 8  # two of a hundred million texts meet with a chance of 0.0003, and then one of them is passed over


def normalised(text: str) -> str:
    """The form in which texts are compared.

    Args:
        text: Any text.

    Returns:
        It in NFKC, without case, each run of white space one blank. Punctuation stays: in code it carries meaning.
    """
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def digest(*texts: str) -> int:
    """A number in 0..2^64-1 that is equal for texts that count as the same.

    Args:
        *texts: One text, or several that are compared together.

    Returns:
        The number.
    """
    joined = "\0".join(map(normalised, texts)).encode("utf-8", errors="surrogatepass")
    return int.from_bytes(hashlib.blake2b(joined, digest_size=_BYTES).digest(), "little")


def digests(texts: Iterable[str]) -> Digests:
    """`digest` of each of some texts."""
    return np.fromiter(map(digest, texts), dtype=np.uint64)
