"""The numbers behind plans: even in each dimension, unconnected between any two, on subsequences too, for any seed."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from embedrank.synthesis.spread import DIMENSIONS, Spread, hashed, pick

PARTS = 5


def numbers(seed: int, count: int, *, step: int = 1) -> dict[str, np.ndarray]:
    spread = Spread(seed)
    rows = [spread.at(place * step) for place in range(count)]
    return {name: np.array([row[name] for row in rows]) for name in DIMENSIONS}


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("count", [200, 1000])
def test_each_part_of_each_dimension_gets_its_share(seed: int, count: int) -> None:
    for name, values in numbers(seed, count).items():
        shares = np.histogram(values, bins=PARTS, range=(0, 1))[0] / count
        assert np.abs(shares - 1 / PARTS).max() < 4 / count, name


@pytest.mark.parametrize("step", [1, 2, 3, 7, 10])
def test_no_two_dimensions_are_connected(step: int) -> None:
    count = 4000
    found = numbers(0, count, step=step)
    for one, other in combinations(DIMENSIONS, 2):
        cells = np.histogram2d(found[one], found[other], bins=PARTS, range=[[0, 1], [0, 1]])[0] / count
        # A random draw would be off by 0.003 (standard deviation); the worst of 25 cells by about 0.009.
        assert np.abs(cells - 1 / PARTS**2).max() < 0.006, (one, other)


def test_related_steps_would_be_caught() -> None:
    """The check above is not blind: the square root of 8 is twice that of 2."""
    places = np.arange(4000)
    cells = np.histogram2d(places * 2**0.5 % 1, places * 8**0.5 % 1, bins=PARTS, range=[[0, 1], [0, 1]])[0] / 4000
    assert np.abs(cells - 1 / PARTS**2).max() > 0.03


def test_far_places_are_as_good_as_near_ones() -> None:
    spread = Spread(0)
    first = 10**15
    values = [spread.at(first + place)["kind"] for place in range(1000)]
    assert np.abs(np.histogram(values, bins=PARTS, range=(0, 1))[0] / 1000 - 1 / PARTS).max() < 0.005


def test_seeds_move_rows() -> None:
    assert Spread(0).at(3) == Spread(0).at(3)
    assert Spread(0).at(3) != Spread(1).at(3)


def test_pick_tells_where_in_its_part_a_number_lies() -> None:
    shares = {"a": 1.0, "b": 3.0}
    assert pick(shares, 0.0) == ("a", 0.0)
    assert pick(shares, 0.125) == ("a", 0.5)
    assert pick(shares, 0.25) == ("b", 0.0)
    choice, within = pick(shares, 0.9999999999999999)
    assert choice == "b"
    assert within < 1


def test_hashes_tell_parts_apart() -> None:
    assert hashed("a", "b") == hashed("a", "b")
    assert hashed("a", "b") != hashed("ab")
    assert 0 <= hashed("\ud800") < 2**64
