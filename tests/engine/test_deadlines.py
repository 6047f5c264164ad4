import threading

import pytest

from embedrank.core.errors import DeadlineExceededError
from embedrank.engine.deadlines import Deadlines
from tests.engine.fakes import PATIENCE_S, PlainRequest


@pytest.fixture
def deadlines():
    made = Deadlines()
    thread = threading.Thread(target=made.run)
    thread.start()
    yield made
    made.close()
    thread.join(PATIENCE_S)
    assert not thread.is_alive()


def test_who_is_late_fails_and_who_is_not_stays(deadlines):
    patient, endless, hasty = PlainRequest(timeout_s=1000), PlainRequest(), PlainRequest(timeout_s=0.01)
    for request in (patient, endless, hasty):
        deadlines.watch(request)
    error = hasty.future.exception(PATIENCE_S)
    assert isinstance(error, DeadlineExceededError) and error.timeout_s == 0.01
    assert not patient.future.done() and not endless.future.done()


def test_a_nearer_deadline_wakes_the_sleeper(deadlines):
    deadlines.watch(PlainRequest(timeout_s=1000))
    hasty = PlainRequest(timeout_s=0.01)
    deadlines.watch(hasty)
    assert isinstance(hasty.future.exception(PATIENCE_S), DeadlineExceededError)


def test_who_is_forgotten_is_left_alone():
    deadlines = Deadlines()
    forgotten, watched = PlainRequest(timeout_s=0.001), PlainRequest(timeout_s=0.002)
    deadlines.watch(forgotten)
    deadlines.watch(watched)
    deadlines.forget(forgotten)
    thread = threading.Thread(target=deadlines.run)
    thread.start()
    assert isinstance(watched.future.exception(PATIENCE_S), DeadlineExceededError)
    assert not forgotten.future.done()
    deadlines.close()
    thread.join(PATIENCE_S)
