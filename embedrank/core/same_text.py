"""When two texts count as the same: equal after folding case, white space and Unicode's compatible forms.

For prose also without punctuation.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from typing import Final

import numpy as np
import numpy.typing as npt

Digests = npt.NDArray[np.uint64]

# ASCII, Latin-1, general and CJK punctuation. Not `\W`: that would also fold away the vowel signs
# of Thai, Hindi and other scripts, and with them the difference between words.
_FOLDED: Final = re.compile(r"[\s!-/:-@\[-`{-~\u00a1-\u00bf\u2000-\u206f\u3000-\u303f\uff00-\uff0f]+")
_BYTES = 8  # two of a hundred million texts meet with a chance of 0.0003, and then one of them is passed over


def normalised(text: str) -> str:
    """The form in which texts are compared.

    Args:
        text: Any text.

    Returns:
        It in NFKC, without case, each run of white space one blank. Punctuation stays: in code it carries meaning.
    """
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def folded(text: str) -> str:
    """The form in which prose is compared: as `normalised`, but without white space and punctuation.

    Args:
        text: Any text.

    Returns:
        The folded text; one of nothing but punctuation stays as it is.
    """
    lowered = unicodedata.normalize("NFKC", text).lower()
    return _FOLDED.sub("", lowered) or lowered.strip()


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
