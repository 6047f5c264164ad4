import threading

import pytest

from embedrank.core.errors import EngineClosedError, EngineFailedError, OverloadedError, TooLargeError
from embedrank.engine.config import EngineConfig
from embedrank.engine.permits import Permits
from tests.engine.fakes import PATIENCE_S, PlainRequest


def permits(seconds_per_text=0.0, **bounds):
    return Permits(EngineConfig(**bounds), seconds_per_text=lambda: seconds_per_text)


@pytest.mark.parametrize(
    ("bounds", "what"),
    [({"max_requests": 2}, "requests"), ({"max_texts": 5}, "texts"), ({"max_characters": 9}, "char")],
)
def test_what_exceeds_a_bound_is_refused_until_a_permit_comes_back(bounds, what):
    gate = permits(**bounds)
    first, second, third = (PlainRequest(["ab", "cd"]) for _ in range(3))
    gate.admit(first)
    gate.admit(second)
    with pytest.raises(OverloadedError, match=what):
        gate.admit(third)
    gate.release(first)
    gate.admit(third)


def test_a_refused_request_holds_nothing():
    gate = permits(max_texts=2)
    gate.admit(PlainRequest(["a"]))
    before = gate.held()
    with pytest.raises(OverloadedError):
        gate.admit(PlainRequest(["a", "b"]))
    assert gate.held() == before == {"requests": 1, "texts": 1, "characters": 1}


def test_what_could_never_come_in_is_told_so():
    with pytest.raises(TooLargeError) as caught:
        permits(max_texts=2).admit(PlainRequest(["a"] * 3))
    assert (caught.value.size, caught.value.limit) == (3, 2)


def test_a_refused_caller_is_told_when_to_come_back():
    gate = permits(seconds_per_text=0.5, max_requests=1)
    gate.admit(PlainRequest(["a"] * 10))
    with pytest.raises(OverloadedError) as caught:
        gate.admit(PlainRequest())
    assert caught.value.retry_after_s == 5.0


def test_releasing_twice_gives_one_permit_back():
    gate = permits(max_requests=2)
    one, other = PlainRequest(), PlainRequest()
    gate.admit(one)
    gate.admit(other)
    gate.release(one)
    gate.release(one)
    assert gate.held()["requests"] == 1


def test_a_shut_gate_names_who_is_owed_an_answer_and_keeps_its_first_reason():
    gate = permits()
    request = PlainRequest()
    gate.admit(request)
    assert gate.shut(lambda: EngineFailedError("it broke")) == [request]
    gate.shut(EngineClosedError)
    with pytest.raises(EngineFailedError, match="it broke"):
        gate.admit(PlainRequest())


def test_waiting_ends_with_the_last_release():
    gate = permits()
    requests = [PlainRequest() for _ in range(3)]
    for request in requests:
        gate.admit(request)
    assert not gate.wait_until_empty(0)
    releaser = threading.Thread(target=lambda: [gate.release(request) for request in requests])
    releaser.start()
    assert gate.wait_until_empty(PATIENCE_S)
    releaser.join()


def test_many_threads_never_hold_more_than_the_bound():
    gate = permits(max_requests=3)
    most, refused = [], []

    def come_and_go():
        for _ in range(200):
            request = PlainRequest()
            try:
                gate.admit(request)
            except OverloadedError:
                refused.append(1)
                continue
            most.append(gate.held()["requests"])
            gate.release(request)

    threads = [threading.Thread(target=come_and_go) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(most) + len(refused) == 1600 and max(most) <= 3
    assert gate.held() == {"requests": 0, "texts": 0, "characters": 0}
