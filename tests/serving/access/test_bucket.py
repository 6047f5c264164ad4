"""A bucket lets through what flows in, and no more than a minute's worth at once."""

import pytest

from embedrank.serving.access.bucket import Bucket


@pytest.fixture
def clock():
    class Clock:
        now = 100.0

        def __call__(self):
            return self.now

    return Clock()


def test_it_begins_full_and_fills_evenly(clock):
    bucket = Bucket(60, clock=clock)
    for _ in range(60):
        assert bucket.wait_s(1) == 0
        bucket.take(1)
    assert bucket.wait_s(1) == pytest.approx(1)
    clock.now += 1
    assert bucket.wait_s(1) == 0


def test_an_overdraft_has_to_be_made_up_first(clock):
    bucket = Bucket(60, clock=clock)
    bucket.take(180)
    assert bucket.wait_s(1) == pytest.approx(121)
    clock.now += 121
    assert bucket.wait_s(1) == 0


def test_it_never_holds_more_than_a_minutes_worth(clock):
    bucket = Bucket(10, clock=clock)
    clock.now += 10_000
    bucket.take(10)
    assert bucket.wait_s(1) > 0


def test_a_bucket_smaller_than_one_lets_one_through_in_the_end(clock):
    bucket = Bucket(0.5, clock=clock)
    bucket.take(0.5)
    clock.now += 60
    assert bucket.wait_s(1) == 0
