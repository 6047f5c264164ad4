"""OpenAI's vocabulary `cl100k_base`, by the library tiktoken, where both are to be had.

tiktoken keeps the vocabulary's file in its cache folder, and downloads it where that lacks it. A failure is remembered
for some minutes, so that a server without network does not try again with every request.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from embedrank.serving.token_ids.reading import CL100K

if TYPE_CHECKING:
    from tiktoken import Encoding

_log = logging.getLogger(__name__)
_TRY_AGAIN_S: Final = 300.0


class Tiktoken:
    """A vocabulary of tiktoken."""

    def __init__(self, encoding: Encoding) -> None:
        """Read with an encoding.

        Args:
            encoding: The vocabulary.
        """
        self._encoding = encoding
        self.size: int = encoding.n_vocab

    def read(self, ids: Sequence[int]) -> str | None:
        """The text; None if it does not give the same ids again."""
        try:
            text = self._encoding.decode(list(ids), errors="strict")
        except (KeyError, UnicodeDecodeError):
            return None
        return text if self._encoding.encode(text, disallowed_special=()) == list(ids) else None

    def read_loosely(self, ids: Sequence[int]) -> str:
        """The text; ids that are none are skipped."""
        known = [token for token in ids if _is_token(self._encoding, token)]
        return self._encoding.decode(known)


class Cl100k:
    """Gets the vocabulary when it is first needed; all methods may be called from any thread."""

    def __init__(self, load: Callable[[], Encoding] | None = None) -> None:
        """Load nothing yet.

        Args:
            load: Gets the encoding; None asks tiktoken.
        """
        self._load = load or _load
        self._vocabulary: Tiktoken | None = None
        self._failed_at = -_TRY_AGAIN_S
        self._lock = threading.Lock()

    def vocabulary(self) -> Tiktoken | None:
        """The vocabulary, or None where it cannot be had; may take as long as a download."""
        with self._lock:
            if self._vocabulary is None and time.monotonic() - self._failed_at > _TRY_AGAIN_S:
                try:
                    self._vocabulary = Tiktoken(self._load())
                except Exception as error:  # no library, no network, a damaged file: any of a dozen classes
                    self._failed_at = time.monotonic()
                    _log.info("%s cannot be had: %s", CL100K, error)
            return self._vocabulary


def _load() -> Encoding:
    import tiktoken

    return tiktoken.get_encoding(CL100K)


def _is_token(encoding: Encoding, token: int) -> bool:
    try:
        encoding.decode_single_token_bytes(token)
    except KeyError:
        return False
    return True
