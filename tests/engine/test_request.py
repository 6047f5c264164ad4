import threading
from concurrent.futures import CancelledError, wait

import pytest

from embedrank.core.errors import InvalidInputError
from tests.engine.fakes import PATIENCE_S, PlainRequest


@pytest.fixture
def ends():
    return []


def begun(ends, *texts, **more):
    request = PlainRequest(texts or ("a",), **more)
    request.begin(lambda request, outcome: ends.append(outcome))
    return request


def test_the_last_part_answers(ends):
    request = begun(ends, "a", "b", "c")
    request.deliver([2, 0], ["C", "A"])
    assert not request.future.done()
    request.deliver([1], ["B"])
    assert request.future.result(0) == ["A", "B", "C"]
    assert ends == ["answered"]


def test_whoever_settles_first_wins(ends):
    request = begun(ends)
    request.fail(ValueError("first"))
    request.fail(ValueError("second"))
    request.deliver([0], ["late"])
    assert not request.future.cancel()
    with pytest.raises(ValueError, match="first"):
        request.future.result(0)
    assert ends == ["ValueError"]


def test_a_cancelled_request_is_told_once_and_wakes_those_who_wait_for_many(ends):
    request = begun(ends)
    assert request.future.cancel()
    request.deliver([0], ["late"])
    assert request.future in wait([request.future], timeout=0).done
    with pytest.raises(CancelledError):
        request.future.result(0)
    assert ends == ["cancelled"]


def test_the_end_is_told_before_the_answer_can_be_seen():
    seen = []
    request = PlainRequest()
    request.begin(lambda request, outcome: seen.append(request.future.done()))
    request.deliver([0], ["A"])
    assert seen == [False]


def test_answer_failure_and_cancellation_at_once_settle_once():
    for _ in range(200):
        ends = []
        request = begun(ends)
        start = threading.Barrier(3)
        moves = [lambda r=request: r.deliver([0], [1]), lambda r=request: r.fail(ValueError()), request.future.cancel]
        threads = [threading.Thread(target=lambda move=move, at=start: (at.wait(), move())) for move in moves]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE_S)
        assert request.future.done() and len(ends) == 1


def test_a_listener_that_raises_fails_its_own_request(ends):
    request = begun(ends)
    request.take_in = lambda places, values: 1 / 0
    request.deliver([0], ["A"])
    assert isinstance(request.future.exception(0), ZeroDivisionError)


def test_a_timeout_of_nothing_is_refused():
    with pytest.raises(InvalidInputError, match="timeout_s"):
        PlainRequest(timeout_s=0)
