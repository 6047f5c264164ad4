"""Numbers in 0..1 by place alone, so even that every share of a plan is met, in each dimension and in any two at once.

    u_d(n) = frac(shift_d + n * alpha_d)

With an irrational `alpha` the first n numbers lie more evenly than random ones: the share of them below any bound is
met within O(log n / n), where alpha is quadratic. With alphas that are linearly independent over the rationals any two
and any more dimensions are independent in the limit (Weyl), also on every subsequence n = a + k b. How soon depends on
how badly small whole numbers i, j bring i * alpha + j * beta close to a whole one; the roots below were chosen for that
among those of small primes, and a test holds the result. Shifts by the seed change which row gets what, nothing else.

Source: Weyl 1916, https://doi.org/10.1007/BF01475864; shifts by Cranley and Patterson 1976,
https://doi.org/10.1137/0713071.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from math import isqrt
from typing import Final

DIMENSIONS: Final = ("kind", "query_type", "length", "lang", "difficulty", "score")
_ROOTS: Final = (5, 2, 3, 13, 17, 31)  # the first is halved, which gives the golden ratio
_BITS: Final = 64
_ONE: Final = 1 << _BITS


def hashed(*parts: object) -> int:
    """A number in 0..2^64-1 that looks random and is decided by the arguments' texts.

    Args:
        *parts: Such as a seed and a key.

    Returns:
        The number, the same in every process.
    """
    text = "\x1f".join(map(str, parts))
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")


class Spread:
    """Numbers for each dimension of a plan; whole-number arithmetic, so that no place is too far."""

    def __init__(self, seed: int) -> None:
        roots = [isqrt(root << (2 * _BITS)) for root in _ROOTS]
        roots[0] = (roots[0] - _ONE) // 2
        self._steps = [root % _ONE for root in roots]
        self._shifts = [hashed("spread", seed, name) for name in DIMENSIONS]

    def at(self, place: int) -> dict[str, float]:
        """One number in [0, 1) for each dimension.

        Args:
            place: Number of the row, from 0.

        Returns:
            Numbers by dimension.
        """
        triples = zip(DIMENSIONS, self._steps, self._shifts, strict=True)
        return {name: ((shift + place * step) % _ONE >> 11) / (1 << (_BITS - 11)) for name, step, shift in triples}


def pick(shares: Mapping[str, float], number: float) -> tuple[str, float]:
    """The choice in whose part of 0..1 a number lies.

    Args:
        shares: Weights by choice, at least one.
        number: In [0, 1).

    Returns:
        The choice, and where in its part the number lies, in [0, 1): evenly spread again.
    """
    choices: Sequence[tuple[str, float]] = list(shares.items())
    rest = number * sum(share for _, share in choices)
    for choice, share in choices:
        if rest < share:
            return choice, rest / share
        rest -= share
    return choices[-1][0], 0.0  # rounding at the upper end
