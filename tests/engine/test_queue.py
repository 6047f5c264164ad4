import threading

from embedrank.engine.queue import FairQueue
from tests.engine.fakes import PATIENCE_S, Entry, PlainRequest, until


def names(batch):
    return [entry.name for entry in batch]


def test_models_take_turns_and_one_that_was_idle_comes_next_but_never_twice_in_a_row():
    queue = FairQueue()
    for number in range(4):
        queue.add(PlainRequest(), [Entry(f"judge{number}", task="reranker", group=number)])
    assert names(queue.take(max_size=9)) == ["judge0"]
    queue.add(PlainRequest(), [Entry("query0", task="embedder")])
    assert names(queue.take(max_size=9)) == ["query0"]
    queue.add(PlainRequest(), [Entry("query1", task="embedder")])
    assert names(queue.take(max_size=9)) == ["judge1"]
    assert names(queue.take(max_size=9)) == ["query1"]
    assert names(queue.take(max_size=9)) == ["judge2"]


def test_later_entries_join_the_lane_of_their_request():
    queue, bulk = FairQueue(), PlainRequest()
    queue.add(bulk, [Entry("a"), Entry("b")])
    queue.add(PlainRequest(), [Entry("other")])
    queue.add(bulk, [Entry("c")])
    assert names(queue.take(max_size=4)) == ["a", "other", "b", "c"]


def test_a_dropped_lane_gives_back_what_nobody_took():
    queue, request = FairQueue(), PlainRequest()
    elsewhere = Entry("computed for another", taken=True)
    queue.add(request, [elsewhere, Entry("left")])
    assert names(queue.drop(request)) == ["left"]
    assert len(queue) == 0 and queue.drop(request) == []


def test_a_settled_request_gets_no_lane():
    queue, request = FairQueue(), PlainRequest()
    request.future.cancel()
    request.fail(ValueError())
    assert not queue.add(request, [Entry("late")])
    assert len(queue) == 0


def test_the_taker_sleeps_until_something_comes():
    queue, taken = FairQueue(), []
    taker = threading.Thread(target=lambda: taken.extend(queue.take(max_size=1)))
    taker.start()
    queue.add(PlainRequest(), [Entry("a")])
    taker.join(PATIENCE_S)
    assert names(taken) == ["a"]


def test_closing_sends_the_taker_home_and_refuses_what_comes_after():
    queue, taken = FairQueue(), [1]
    taker = threading.Thread(target=lambda: taken.__setitem__(slice(None), queue.take(max_size=1)))
    taker.start()
    queue.close()
    taker.join(PATIENCE_S)
    assert taken == []
    assert not queue.add(PlainRequest(), [Entry("late")])


def test_a_batch_below_budget_waits_for_company_only_if_told_to():
    queue, taken = FairQueue(), []
    queue.add(PlainRequest(), [Entry("a")])
    assert names(queue.take(max_size=2)) == ["a"]
    taker = threading.Thread(target=lambda: taken.extend(queue.take(max_size=2, max_wait_s=PATIENCE_S)))
    queue.add(PlainRequest(), [Entry("b")])
    taker.start()
    until(lambda: taker.is_alive())
    assert taken == []
    queue.add(PlainRequest(), [Entry("c")])
    taker.join(PATIENCE_S / 2)
    assert names(taken) == ["b", "c"]


def test_a_batch_that_found_no_company_goes_alone():
    queue = FairQueue()
    queue.add(PlainRequest(), [Entry("a")])
    assert names(queue.take(max_size=2, max_wait_s=0.01)) == ["a"]
