"""Seeded orders are permutations, differ by epoch, and need no list where they are long."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from embedrank.training.seeded import LARGEST_LISTED, FeistelOrder, ListedOrder, drawn, order_of


@pytest.mark.parametrize("num_rows", [1, 2, 3, 4, 5, 17, 64, 1000, 4097])
def test_a_computed_order_holds_each_number_once(num_rows: int) -> None:
    order = FeistelOrder(num_rows, key=drawn(3))
    assert sorted(order.part(0, num_rows)) == list(range(num_rows))
    assert [order.part(place, place + 1)[0] for place in range(num_rows)] == order.part(0, num_rows + 5)


def test_a_computed_order_leaves_no_trace_of_the_file() -> None:
    places = np.array(FeistelOrder(100_000, key=drawn(1)).part(0, 100_000))
    assert abs(np.corrcoef(np.arange(100_000), places)[0, 1]) < 0.02
    assert abs(np.corrcoef(places[:-1], places[1:])[0, 1]) < 0.02
    counts = np.bincount(places[:20_000] // 1000, minlength=100)  # of each thousand, a fifth comes in the first fifth
    assert counts.min() > 140
    assert counts.max() < 260


def test_orders_differ_by_epoch_seed_and_length_and_are_repeatable() -> None:
    far = LARGEST_LISTED + 1
    for num_rows in (100, far):
        orders = [
            order_of(num_rows + more, seed=seed, epoch=epoch).part(0, 50)
            for seed, epoch, more in [(0, 0, 0), (0, 1, 0), (1, 0, 0), (0, 0, 1)]
        ]
        assert len({tuple(order) for order in orders}) == 4
        assert order_of(num_rows, seed=0, epoch=0).part(20, 50) == orders[0][20:50]


def test_only_long_orders_are_computed() -> None:
    assert isinstance(order_of(LARGEST_LISTED, seed=0, epoch=0), ListedOrder)
    long = order_of(150_000_000, seed=0, epoch=0)
    assert isinstance(long, FeistelOrder)
    assert sum(sys.getsizeof(value) for value in vars(long).values()) < 1000
    assert len(set(long.part(149_999_000, 150_000_000))) == 1000


def test_draws_are_spread_and_decided_by_every_argument() -> None:
    shares = np.bincount([drawn(7, place) % 5 for place in range(5000)], minlength=5) / 5000
    assert abs(shares - 0.2).max() < 0.03
    assert len({drawn(0, 0), drawn(0, 1), drawn(1, 0), drawn(0), drawn(0, 0, 0)}) == 5
    assert drawn(1, 2) == drawn(1, 2)
