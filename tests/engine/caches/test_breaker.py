import pytest

from embedrank.engine.caches.breaker import Breaker


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def test_failures_in_a_row_open_it_and_a_success_between_does_not(clock):
    breaker = Breaker(max_failures=3, pause_s=5, clock=clock)
    for _ in range(5):
        breaker.failed()
        breaker.failed()
        breaker.succeeded()
    assert breaker.allows() and not breaker.is_open
    for _ in range(3):
        breaker.failed()
    assert breaker.is_open and not breaker.allows() and breaker.num_openings == 1


def test_after_a_pause_one_try_is_let_through(clock):
    breaker = Breaker(max_failures=1, pause_s=5, clock=clock)
    breaker.failed()
    clock.now = 4.9
    assert not breaker.allows()
    clock.now = 5.0
    assert [breaker.allows() for _ in range(3)] == [True, False, False]
    breaker.failed()
    assert breaker.num_openings == 1
    clock.now = 10.0
    assert breaker.allows()
    breaker.succeeded()
    assert [breaker.allows() for _ in range(3)] == [True, True, True]


def test_a_try_that_never_reports_is_followed_by_another(clock):
    breaker = Breaker(max_failures=1, pause_s=5, clock=clock)
    breaker.failed()
    clock.now = 5.0
    assert breaker.allows()
    clock.now = 10.0
    assert breaker.allows()
