import threading

from embedrank.engine.caches.courier import Courier
from tests.engine.fakes import PATIENCE_S


def test_errands_are_run_in_order_and_failures_come_back():
    courier = Courier("test", max_waiting=8)
    sent = [courier.send(lambda number=number: 6 // number) for number in (3, 0, 2)]
    assert sent[0].result(PATIENCE_S) == 2 and sent[2].result(PATIENCE_S) == 3
    assert isinstance(sent[1].exception(0), ZeroDivisionError)
    courier.close(PATIENCE_S)


def test_too_many_errands_are_not_taken():
    courier, go, begun = Courier("test", max_waiting=1), threading.Event(), threading.Event()
    first = courier.send(lambda: (begun.set(), go.wait(PATIENCE_S)))
    assert begun.wait(PATIENCE_S)
    assert courier.send(lambda: 1) is not None
    assert courier.send(lambda: 2) is None
    go.set()
    first.result(PATIENCE_S)
    courier.close(PATIENCE_S)


def test_a_cancelled_errand_is_not_run():
    courier, go, ran = Courier("test", max_waiting=2), threading.Event(), []
    courier.send(lambda: go.wait(PATIENCE_S))
    courier.send(lambda: ran.append(1)).cancel()
    go.set()
    courier.close(PATIENCE_S)
    assert ran == []


def test_closing_runs_what_waits_but_does_not_wait_for_ever():
    courier, go, ran = Courier("test", max_waiting=4), threading.Event(), []
    courier.send(lambda: go.wait(PATIENCE_S))
    courier.send(lambda: ran.append(1))
    courier.close(0.01)
    assert ran == []
    go.set()
    courier._thread.join(PATIENCE_S)
    assert ran == [1]
