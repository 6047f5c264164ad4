"""Numbers and orders that are decided by a seed and a place alone: nothing has to be remembered to repeat them."""

from __future__ import annotations

from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

LARGEST_LISTED: Final = 1 << 20  # rows; longer orders are computed place by place
_ROUNDS: Final = 6
_MASK: Final = (1 << 64) - 1
_GOLDEN: Final = 0x9E3779B97F4A7C15
Places = npt.NDArray[np.uint64]


def drawn(*numbers: int) -> int:
    """A number in 0..2^64-1 that looks random and is decided by the arguments.

    Args:
        *numbers: Seed and place, such as epoch and row.

    Returns:
        The number.

    Source:
        The finaliser of SplitMix64, Steele et al. 2014, https://doi.org/10.1145/2714064.2660195
    """
    state = 0
    for number in numbers:
        state = ((state ^ (number & _MASK)) + _GOLDEN) & _MASK
        state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & _MASK
        state ^= state >> 31
    return state


class Order(Protocol):
    """A permutation of 0..n-1."""

    def part(self, start: int, stop: int) -> list[int]:
        """The numbers at some places."""
        ...


def order_of(num_rows: int, *, seed: int, epoch: int) -> Order:
    """The order of one epoch.

    Args:
        num_rows: Rows, at least 1.
        seed: Seed of the run.
        epoch: Epoch, from 0.

    Returns:
        A shuffled list where that is small, else a permutation that takes no memory.
    """
    if num_rows <= LARGEST_LISTED:
        return ListedOrder(num_rows, seed=seed, epoch=epoch)
    return FeistelOrder(num_rows, key=drawn(seed, epoch, num_rows))


class ListedOrder:
    """A shuffled list."""

    def __init__(self, num_rows: int, *, seed: int, epoch: int) -> None:
        order = np.random.default_rng([seed, epoch, num_rows]).permutation(num_rows)
        self._order = order.astype(np.uint32)

    def part(self, start: int, stop: int) -> list[int]:
        """The numbers at some places."""
        part: list[int] = self._order[start:stop].tolist()
        return part


class FeistelOrder:
    """A permutation computed place by place: a Feistel network over the next even number of bits, walked until inside.

    Source:
        Black and Rogaway 2002, "Ciphers with arbitrary finite domains", https://doi.org/10.1007/3-540-45760-7_9
    """

    def __init__(self, num_rows: int, *, key: int) -> None:
        """Choose the round keys.

        Args:
            num_rows: Length of the order, at least 1.
            key: Decides the order.
        """
        self._num_rows = num_rows
        self._half = np.uint64(max(1, ((num_rows - 1).bit_length() + 1) // 2))
        self._low = np.uint64((1 << int(self._half)) - 1)
        self._keys = [np.uint64(drawn(key, number)) for number in range(_ROUNDS)]

    def part(self, start: int, stop: int) -> list[int]:
        """The numbers at some places."""
        places = self._mixed(np.arange(start, min(stop, self._num_rows), dtype=np.uint64))
        while (outside := places >= self._num_rows).any():
            places[outside] = self._mixed(places[outside])
        part: list[int] = places.tolist()
        return part

    def _mixed(self, places: Places) -> Places:
        left, right = places >> self._half, places & self._low
        for key in self._keys:
            left, right = right, left ^ (_scrambled(right ^ key) & self._low)
        whole: Places = (left << self._half) | right
        return whole


def _scrambled(numbers: Places) -> Places:
    mixed: Places = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    return mixed
