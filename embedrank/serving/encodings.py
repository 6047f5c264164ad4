"""Vectors in fewer bits, as clients ask for them; one name, one function."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final, TypeAlias

import numpy as np

from embedrank.core.types import FloatArray

Encoding: TypeAlias = Callable[[FloatArray], list[Any]]
"""Float32 `[n, dim]` to n values that JSON can hold."""


def as_float(vectors: FloatArray) -> list[list[float]]:
    """The numbers themselves."""
    rows: list[list[float]] = vectors.tolist()
    return rows


def as_base64(vectors: FloatArray) -> list[str]:
    """Bytes of little-endian float32, in base64."""
    return [base64.b64encode(row.tobytes()).decode("ascii") for row in vectors.astype("<f4", copy=False)]


def as_int8(vectors: FloatArray) -> list[list[int]]:
    """Whole numbers in -127..127, each vector by its own scale, which no cosine can see.

    Args:
        vectors: Float32 `[n, dim]`.

    Returns:
        n lists; cosines between them are those between the vectors, up to rounding. Inner products are not.
    """
    rows: list[list[int]] = _scaled(vectors).tolist()
    return rows


def as_uint8(vectors: FloatArray) -> list[list[int]]:
    """As `as_int8`, with 128 added to each number."""
    rows: list[list[int]] = (_scaled(vectors) + 128).tolist()
    return rows


def as_ubinary(vectors: FloatArray) -> list[list[int]]:
    """The signs, eight to a byte, the first in the highest bit; a last byte that is not full ends in zeros."""
    rows: list[list[int]] = np.packbits(vectors > 0, axis=-1).tolist()
    return rows


def as_binary(vectors: FloatArray) -> list[list[int]]:
    """As `as_ubinary`, with 128 taken from each byte."""
    rows: list[list[int]] = (np.packbits(vectors > 0, axis=-1).astype(np.int16) - 128).tolist()
    return rows


def rows_in(encoding: str, vectors: FloatArray) -> Iterator[Any]:
    """Vectors one by one, so that whoever writes them down holds no other thread up for long.

    Args:
        encoding: A key of `ENCODINGS`.
        vectors: Float32 `[n, dim]`.

    Yields:
        What JSON can hold, for each.
    """
    for place in range(len(vectors)):
        yield from ENCODINGS[encoding](vectors[place : place + 1])


ENCODINGS: Final[Mapping[str, Encoding]] = MappingProxyType(
    {
        "float": as_float,
        "base64": as_base64,
        "int8": as_int8,
        "uint8": as_uint8,
        "binary": as_binary,
        "ubinary": as_ubinary,
    }
)


def _scaled(vectors: FloatArray) -> np.ndarray[Any, np.dtype[np.int16]]:
    largest = np.abs(vectors).max(axis=-1, keepdims=True, initial=0.0)
    scaled = vectors * (127 / np.where(largest > 0, largest, 1))
    return np.rint(scaled).astype(np.int16)
