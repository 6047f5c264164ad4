"""The life of an engine: overload, cancellation, deadlines, failing batches, death of a thread."""

import asyncio
import sys
import threading
from concurrent.futures import CancelledError, ThreadPoolExecutor

import numpy as np
import pytest

from embedrank.core.errors import (
    ComputeError,
    DeadlineExceededError,
    EngineFailedError,
    InvalidInputError,
    OverloadedError,
    TooLargeError,
)
from embedrank.engine.config import EngineConfig
from embedrank.engine.embedder import BatchedEmbedder
from embedrank.engine.engine import Engine
from tests.engine.fakes import PATIENCE_S, FakeEmbedder, expected, hold_the_model, until, waiting

pytestmark = pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")


def test_many_threads_each_get_their_own_answer(embedder):
    def ask(number):
        texts = [f"text {number}", f"{number} other"]
        return np.array_equal(embedder.encode_documents(texts), [expected(text) for text in texts])

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(ask, range(300)))


def test_many_coroutines_each_get_their_own_answer(embedder):
    async def ask(number):
        encoded = await embedder.embed_queries([f"text {number}"], instruction="find")
        return np.array_equal(encoded.vectors[0], expected(f"text {number}", "find", side="query"))

    async def ask_all():
        return await asyncio.gather(*(ask(number) for number in range(300)))

    assert all(asyncio.run(ask_all()))


def test_what_waits_while_the_model_works_goes_in_one_batch(engine, embedder, model):
    held = hold_the_model(embedder, model)
    futures = [embedder.submit_documents([f"t{number}"]) for number in range(20)]
    waiting(engine, 20)
    model.gate.open()
    for future in [held, *futures]:
        future.result(PATIENCE_S)
    assert [len(batch) for batch in model.batches] == [1, 20]


def test_a_bulk_request_does_not_starve_a_query(engine, embedder, model):
    held = hold_the_model(embedder, model)
    bulk = embedder.submit_documents([f"bulk {number:05}" for number in range(10_000)])
    until(lambda: engine.stats().waiting_items > 1000)
    query = embedder.submit_queries(["urgent"])
    until(lambda: any("default>urgent" in batch for batch in model.tokenized))
    until(lambda: engine.stats().waiting_items == 10_001)
    model.gate.open()
    query.result(PATIENCE_S)
    assert "default>urgent" in model.batches[1]
    bulk.result(PATIENCE_S)
    held.result(PATIENCE_S)


def test_over_the_bound_a_caller_is_refused_at_once_and_may_come_again(model):
    with Engine(EngineConfig(max_requests=2)) as engine:
        embedder = BatchedEmbedder(model, engine)
        held = hold_the_model(embedder, model)
        second = embedder.submit_documents(["b"])
        with pytest.raises(OverloadedError) as caught:
            embedder.submit_documents(["c"])
        assert caught.value.retry_after_s > 0
        model.gate.open()
        held.result(PATIENCE_S)
        second.result(PATIENCE_S)
        embedder.submit_documents(["c"]).result(PATIENCE_S)
        assert engine.stats().requests == {"answered": 3, "OverloadedError": 1}


def test_a_caller_that_saw_its_answer_may_ask_again_at_once(model):
    with Engine(EngineConfig(max_requests=1)) as engine:
        embedder = BatchedEmbedder(model, engine)
        for number in range(300):
            embedder.encode_documents([f"text {number}"])


def test_a_request_beyond_every_bound_is_told_to_come_in_parts(model):
    with Engine(EngineConfig(max_characters=10)) as engine, pytest.raises(TooLargeError, match="characters"):
        BatchedEmbedder(model, engine).submit_documents(["a" * 11])


def test_a_cancelled_request_costs_no_computing(engine, embedder, model):
    held = hold_the_model(embedder, model)
    gone = embedder.submit_documents(["gone 1", "gone 2"])
    stays = embedder.submit_documents(["stays"])
    waiting(engine, 3)
    assert gone.cancel()
    assert engine.stats().in_flight["requests"] == 2
    model.gate.open()
    stays.result(PATIENCE_S)
    held.result(PATIENCE_S)
    assert model.computed == ["held", "stays"]
    stats = engine.stats()
    assert stats.dropped_texts == 2 and stats.requests["cancelled"] == 1


def test_a_cancelled_coroutine_cancels_its_request(engine, embedder, model):
    held = hold_the_model(embedder, model)

    async def ask_and_leave():
        task = asyncio.ensure_future(embedder.embed_documents(["gone"]))
        await asyncio.sleep(0)
        await asyncio.to_thread(waiting, engine, 1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(ask_and_leave())
    model.gate.open()
    held.result(PATIENCE_S)
    embedder.encode_documents(["after"])
    assert model.computed == ["held", "after"]


def test_a_storm_of_cancellations_leaves_nothing_behind(engine, embedder, model):
    rounds = 40

    def ask_and_leave(number):
        for turn in range(rounds):
            future = embedder.submit_documents([f"{number} {turn}", f"shared {turn}"])
            if (turn + number) % 3:
                future.cancel()
            else:
                future.result(PATIENCE_S)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(ask_and_leave, range(8)))
    until(lambda: engine.stats().computing_s == 0)
    stats = engine.stats()
    assert stats.in_flight == {"requests": 0, "texts": 0, "characters": 0}
    assert stats.waiting_items == stats.waiting_texts == 0
    assert sum(stats.requests.values()) == 8 * rounds
    until(lambda: len(embedder._task._flights) == 0)


def test_a_late_request_fails_while_the_model_is_stuck_and_is_never_computed(engine, embedder, model):
    held = hold_the_model(embedder, model)
    late = embedder.submit_documents(["late"], timeout_s=0.01)
    with pytest.raises(DeadlineExceededError, match=r"0\.01 s"):
        late.result(PATIENCE_S)
    model.gate.open()
    held.result(PATIENCE_S)
    embedder.encode_documents(["after"])
    assert model.computed == ["held", "after"]
    assert engine.stats().requests["DeadlineExceededError"] == 1


def test_the_time_of_an_engine_holds_where_the_caller_names_none(model):
    with Engine(EngineConfig(timeout_s=0.01)) as engine:
        embedder = BatchedEmbedder(model, engine)
        model.gate.shut()
        with pytest.raises(DeadlineExceededError):
            embedder.encode_documents(["late"])
        model.gate.open()


def test_a_failing_batch_answers_every_request_in_it_and_the_next_goes_well(engine, embedder, model):
    held = hold_the_model(embedder, model)
    model.errors["bad"] = RuntimeError("a kernel failed")
    futures = [embedder.submit_documents([text]) for text in ("bad", "bystander")]
    waiting(engine, 2)
    model.gate.open()
    for future in futures:
        with pytest.raises(ComputeError, match="a kernel failed"):
            future.result(PATIENCE_S)
    held.result(PATIENCE_S)
    assert np.array_equal(embedder.encode_documents(["after"])[0], expected("after"))


def test_a_poisoned_text_fails_its_own_request_only(engine, embedder, model):
    held = hold_the_model(embedder, model)
    model.errors["poison"] = InvalidInputError("text", "is poison")
    good = [embedder.submit_documents([f"good {number}"]) for number in range(6)]
    bad = embedder.submit_documents(["poison", "its companion"])
    waiting(engine, 8)
    model.gate.open()
    with pytest.raises(InvalidInputError, match="is poison"):
        bad.result(PATIENCE_S)
    assert all(len(future.result(PATIENCE_S).vectors) == 1 for future in [held, *good])
    assert engine.stats().splits >= 1


def test_a_batch_too_large_for_the_memory_is_computed_in_parts(engine, embedder, model):
    held = hold_the_model(embedder, model)
    model.max_tokens = 20
    futures = [embedder.submit_documents([f"text {number}"]) for number in range(8)]
    waiting(engine, 8)
    model.gate.open()
    for future in [held, *futures]:
        future.result(PATIENCE_S)
    with pytest.raises(ComputeError, match="out of memory"):
        embedder.encode_documents(["a text that is too large all by itself"])


def test_a_text_that_cannot_be_tokenised_fails_alone(engine, embedder):
    bad = embedder.submit_documents(["fine", "untokenisable"])
    good = embedder.submit_documents(["fine", "fine too"])
    with pytest.raises(ComputeError, match="no token for it"):
        bad.result(PATIENCE_S)
    assert len(good.result(PATIENCE_S).vectors) == 2


@pytest.mark.parametrize("death", [SystemExit("killed"), RuntimeError("CUDA error: device-side assert triggered")])
def test_the_death_of_the_model_thread_answers_all_and_refuses_what_comes_after(engine, embedder, model, death):
    held = hold_the_model(embedder, model)
    model.errors["held"] = death
    queued = embedder.submit_documents(["queued"])
    waiting(engine, 1)
    assert engine.failure is None
    model.gate.open()
    for future in (held, queued):
        with pytest.raises(EngineFailedError, match="model thread died"):
            future.result(PATIENCE_S)
    with pytest.raises(EngineFailedError):
        embedder.encode_documents(["after"])
    assert "died" in engine.failure.problem
    engine.close()  # has nothing to wait for


def test_the_death_of_the_tokeniser_answers_all(engine, embedder, model):
    held = hold_the_model(embedder, model)
    model.tokenize = lambda texts: sys.exit("killed")
    with pytest.raises(EngineFailedError, match="tokeniser thread died"):
        embedder.encode_documents(["queued"])
    assert isinstance(held.exception(PATIENCE_S), EngineFailedError)
    model.gate.open()


def test_an_interrupted_caller_cancels_what_it_asked_for(engine, embedder, model):
    held = hold_the_model(embedder, model)
    submitted = []
    submit = embedder._submit

    def interrupted(*arguments):
        future = submit(*arguments)
        submitted.append(future)
        future.result = lambda: (_ for _ in ()).throw(KeyboardInterrupt)
        return future

    embedder._submit = interrupted
    with pytest.raises(KeyboardInterrupt):
        embedder.encode_documents(["mine"])
    assert submitted[0].cancelled()
    model.gate.open()
    held.result(PATIENCE_S)


def test_a_callback_that_would_wait_for_its_own_thread_is_refused(embedder):
    caught = []

    def ask_again(future):
        try:
            embedder.encode_documents(["again"])
        except InvalidInputError as error:
            caught.append(error)
        embedder.submit_documents(["without waiting"]).add_done_callback(lambda _: done.set())

    done = threading.Event()
    gate = embedder._model.gate
    gate.shut()
    first = embedder.submit_documents(["first"])
    first.add_done_callback(ask_again)
    gate.open()
    assert done.wait(PATIENCE_S)
    assert "would wait for itself" in str(caught[0])


def test_a_cancelled_future_raises_what_futures_raise(engine, embedder, model):
    held = hold_the_model(embedder, model)
    gone = embedder.submit_documents(["gone"])
    gone.cancel()
    with pytest.raises(CancelledError):
        gone.result(0)
    model.gate.open()
    held.result(PATIENCE_S)


def test_models_of_one_engine_take_turns_and_do_not_share_batches(engine, embedder, model):
    second = FakeEmbedder(name="second")
    other = BatchedEmbedder(second, engine)
    held = hold_the_model(embedder, model)
    futures = [asked.submit_documents([f"t{n}"]) for n in range(3) for asked in (embedder, other)]
    waiting(engine, 6)
    model.gate.open()
    for future in [held, *futures]:
        future.result(PATIENCE_S)
    assert model.batches == [["held"], ["t0", "t1", "t2"]] and second.batches == [["t0", "t1", "t2"]]
    assert set(engine.stats().caches) == {"fake", "second"}


def test_one_look_shows_what_was_done(engine, embedder):
    embedder.encode_documents(["ab", "abc", "ab"])
    embedder.encode_documents(["ab"])
    stats = engine.stats()
    assert (stats.items, stats.tokens, stats.joined, stats.cache_hits, stats.cache_misses) == (2, 7, 1, 1, 2)
    assert stats.requests == {"answered": 2}
    assert stats.batches == 1 and stats.compute.p95_ms >= stats.compute.p50_ms > 0
