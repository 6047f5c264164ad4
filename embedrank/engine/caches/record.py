"""One cache entry as bytes: a header that can be checked, then the numbers.

Little-endian: magic, dim, tokens read, tokens uncut, CRC-32 of all that follows the magic but the CRC; float32 numbers.
"""

from __future__ import annotations

import struct
import zlib

import numpy as np

from embedrank.core.types import EmbeddedText

FORMAT_VERSION = 1
_MAGIC = b"ER%02d" % FORMAT_VERSION
_COUNTS = struct.Struct("<III")
_CHECK = struct.Struct("<I")
_HEADER_BYTES = len(_MAGIC) + _COUNTS.size + _CHECK.size


def to_bytes(entry: EmbeddedText) -> bytes:
    """Write an entry.

    Args:
        entry: What is to be kept.

    Returns:
        20 bytes and 4 for each number.
    """
    numbers = np.ascontiguousarray(entry.vector, dtype="<f4").tobytes()
    counts = _COUNTS.pack(len(entry.vector), entry.num_tokens, entry.uncut_tokens)
    return _MAGIC + counts + _CHECK.pack(zlib.crc32(counts + numbers)) + numbers


def from_bytes(raw: bytes) -> EmbeddedText | None:
    """Read an entry.

    Args:
        raw: What was found.

    Returns:
        The entry, its array read-only; None if the bytes were not written by `to_bytes` or have suffered since.
    """
    if len(raw) < _HEADER_BYTES or not raw.startswith(_MAGIC):
        return None
    counts, numbers = raw[len(_MAGIC) : len(_MAGIC) + _COUNTS.size], raw[_HEADER_BYTES:]
    dim, num_tokens, uncut_tokens = _COUNTS.unpack(counts)
    (check,) = _CHECK.unpack_from(raw, len(_MAGIC) + _COUNTS.size)
    if len(numbers) != 4 * dim or check != zlib.crc32(counts + numbers):
        return None
    vector = np.frombuffer(numbers, dtype="<f4").astype(np.float32, copy=False)
    return EmbeddedText(vector=vector, num_tokens=num_tokens, uncut_tokens=uncut_tokens)
