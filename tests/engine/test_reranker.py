"""The batched reranker against the plain one; turns, prefixes and streams on a model that waits where it is told."""

import asyncio

import numpy as np
import pytest

from embedrank.core.errors import DeadlineExceededError, EngineClosedError, InvalidInputError
from embedrank.core.protocols import Reranker as RerankerProtocol
from embedrank.engine.config import EngineConfig
from embedrank.engine.engine import Engine
from embedrank.engine.reranker import BatchedReranker
from embedrank.engine.reranking import MAX_PREFIXES, probabilities
from embedrank.model.head import YesNoHead, yes_no_ids
from embedrank.model.reranker import Reranker
from tests.engine.fakes import PATIENCE_S, FakeReranker, logit_of, until
from tests.model.conftest import pico_decoder, pico_tokenizer

DOCUMENTS = [f"document {number} " + "world " * (number * 7 % 40) for number in range(60)]
TOLERANCE = 2e-5  # of a logit, float32


def letters(count):
    """Documents of four tokens that share no front."""
    return [f"{chr(97 + number % 26)}bc" for number in range(count)]


def pico_reranker(**changes):
    decoder, tokenizer = pico_decoder(**changes), pico_tokenizer()
    head = YesNoHead(decoder.embed_tokens.weight[list(yes_no_ids(tokenizer))])
    return Reranker(decoder, head, tokenizer, max_length=500, name="pico")


@pytest.fixture(scope="module", params=[True, False], ids=["causal", "bidirectional"])
def plain(request):
    return pico_reranker(is_causal=request.param)


def test_logits_counts_and_truncations_are_those_of_the_plain_reranker(engine, plain):
    batched = BatchedReranker(plain, engine)
    documents = [*DOCUMENTS, "w" * 2000, "", "hello"]
    got, want = batched.judge("hello?", documents), plain.judge("hello?", documents)
    assert np.abs(got.logits - want.logits).max() < TOLERANCE
    assert got.num_tokens == want.num_tokens and list(got.truncations) == list(want.truncations)
    assert len(got.truncations) == 1
    assert np.abs(batched.score("hello?", documents) - plain.score("hello?", documents)).max() < TOLERANCE


def test_documents_tokenised_in_several_goes_share_the_whole_prefix(engine):
    plain = pico_reranker()
    documents = [f"same start {'hello ' * 300}{number}" for number in range(30)]  # several times a go of the tokeniser
    got, want = BatchedReranker(plain, engine).judge("q", documents), plain.judge("q", documents)
    assert got.shared_tokens == want.shared_tokens > 0
    assert np.abs(got.logits - want.logits).max() < TOLERANCE


@pytest.mark.parametrize("documents", [["alone"], []])
def test_one_document_or_none(engine, plain, documents):
    batched = BatchedReranker(plain, engine)
    assert np.allclose(batched.logits("hello?", documents), plain.logits("hello?", documents), atol=TOLERANCE)


def stop_after_the_first_pack(judge):
    """Let one pack through and hold the next."""
    compute = judge.judge_tokens

    def pausing(tails, prefix):
        if len(judge.packs) == 1:
            judge.gate.shut()
        return compute(tails, prefix)

    judge.judge_tokens = pausing


def test_it_is_a_reranker_with_its_models_advice(reranker, judge):
    assert isinstance(reranker, RerankerProtocol)
    assert (reranker.recommended_weight, reranker.recommended_blend) == (0.5, "rank")
    assert (reranker.name, reranker.max_length) == (judge.name, 100)


def test_many_coroutines_each_get_their_own_scores(reranker):
    async def ask(number):
        documents = [f"{number} {letter}" for letter in "abc"]
        judged = await reranker.rerank(f"query {number}", documents)
        return np.allclose(judged.logits, [logit_of(text) for text in documents])

    async def ask_all():
        return await asyncio.gather(*(ask(number) for number in range(100)))

    assert all(asyncio.run(ask_all()))


@pytest.mark.parametrize(("query", "documents"), [(" ", ["a"]), ("q", "a"), ("q", [None]), (None, ["a"])])
def test_bad_input_is_refused_before_anything_is_queued(engine, reranker, query, documents):
    with pytest.raises(InvalidInputError):
        reranker.submit(query, documents)
    assert engine.stats().requests == {}


def test_a_query_without_room_for_a_document_fails_its_own_request(reranker):
    with pytest.raises(InvalidInputError, match="too long"):
        reranker.judge("too long", ["a"])
    assert len(reranker.logits("fine", ["a"])) == 1


def test_the_prefix_is_computed_once_a_request_over_all_its_batches(judge):
    with Engine(EngineConfig(max_batch_tokens=8)) as engine:
        reranker = BatchedReranker(judge, engine)
        reranker.judge("first", letters(10))
        reranker.judge("second", letters(4))
        assert judge.packs == [2] * 7
        assert judge.prefills == ["\1\2\3first", "\1\2\3second"]
        assert not reranker._task._prefixes


def test_requests_take_turns_and_only_so_many_prefixes_are_kept(judge):
    with Engine(EngineConfig(max_batch_tokens=4)) as engine:
        reranker = BatchedReranker(judge, engine)
        judge.gate.shut()
        held = reranker.submit("held", ["abc"])
        judge.gate.wait_for_arrival()
        futures = [reranker.submit(f"query {number}", letters(3)) for number in range(MAX_PREFIXES)]
        until(lambda: engine.stats().waiting_items == 3 * MAX_PREFIXES)
        judge.gate.open()
        for future in futures:
            future.result(PATIENCE_S)
        held.result(PATIENCE_S)
        assert len(judge.prefills) == 1 + MAX_PREFIXES
        kept, compute = [], judge.judge_tokens
        judge.judge_tokens = lambda *pack: (kept.append(len(reranker._task._prefixes)), compute(*pack))[1]
        more = [reranker.submit(f"query {number}", letters(3)) for number in range(3 * MAX_PREFIXES)]
        assert all(len(future.result(PATIENCE_S).logits) == 3 for future in more)
        assert 0 < max(kept) <= MAX_PREFIXES


def test_a_query_embedded_beside_long_rerank_calls_waits_for_one_batch(engine, embedder, model, reranker, judge):
    order, encode, compute = [], model.encode_tokens, judge.judge_tokens
    model.encode_tokens = lambda sequences: (order.append("embed"), encode(sequences))[1]
    judge.judge_tokens = lambda tails, prefix: (order.append("rerank"), compute(tails, prefix))[1]
    judge.gate.shut()
    calls = [reranker.submit(f"call {number}", letters(1500)) for number in range(4)]
    judge.gate.wait_for_arrival()
    query = embedder.submit_queries(["urgent"])
    until(lambda: engine.stats().waiting_items == 4 * 1500 - judge.packs[0] + 1)
    judge.gate.open()
    for future in (query, *calls):
        future.result(PATIENCE_S)
    assert order.index("embed") == 1 and order.count("rerank") >= 6


def test_scores_stream_as_packs_finish_in_the_order_of_the_documents(judge):
    with Engine(EngineConfig(max_batch_tokens=8)) as engine:
        reranker = BatchedReranker(judge, engine)
        documents = [f"{letter}b{letter}" for letter in "qwertyuiop"]
        judge.gate.shut()
        stream = reranker.stream("query", documents)
        judge.gate.wait_for_arrival()
        judge.gate.open()
        parts = list(stream)
    assert [places for places, _ in parts] == [[0, 1], [2, 3], [4, 5], [6, 7], [8, 9]]
    scores = np.concatenate([part for _, part in parts])
    assert np.allclose(scores, probabilities(np.asarray([logit_of(text) for text in documents], dtype=np.float32)))


def test_the_first_scores_come_before_the_last_are_computed(judge):
    with Engine(EngineConfig(max_batch_tokens=4)) as engine:
        reranker = BatchedReranker(judge, engine)
        stop_after_the_first_pack(judge)
        stream = reranker.stream("query", letters(3))
        assert next(stream)[0] == [0]
        until(lambda: len(judge.packs) == 2)
        judge.gate.open()
        assert [places for places, _ in stream] == [[1], [2]]


def test_whoever_stops_listening_stops_the_computing(judge):
    with Engine(EngineConfig(max_batch_tokens=4)) as engine:
        reranker = BatchedReranker(judge, engine)
        stop_after_the_first_pack(judge)
        stream = reranker.stream("query", letters(500))
        assert next(stream)[0] == [0]
        until(lambda: len(judge.packs) == 2)
        stream.close()
        assert engine.stats().in_flight["requests"] == 0
        judge.gate.open()
        reranker.judge("after", letters(1))
        assert len(judge.packs) == 3 and engine.stats().requests == {"cancelled": 1, "answered": 1}
        assert engine.stats().dropped_texts == 498


def test_a_stream_raises_what_befalls_its_request(engine, reranker, judge):
    judge.gate.shut()
    stream = reranker.stream("query", ["abc"], timeout_s=0.01)
    with pytest.raises(DeadlineExceededError):
        next(stream)
    judge.gate.open()


def test_coroutines_stream_too(judge):
    async def collect(reranker):
        return [place async for places, _ in reranker.astream("query", letters(5)) for place in places]

    async def leave(reranker):
        stream = reranker.astream("query", letters(500))
        first = await anext(stream)
        await asyncio.to_thread(until, lambda: len(judge.packs) == 2)
        await stream.aclose()
        return first

    with Engine(EngineConfig(max_batch_tokens=4)) as engine:
        reranker = BatchedReranker(judge, engine)
        assert asyncio.run(collect(reranker)) == [0, 1, 2, 3, 4]
        judge.packs.clear()
        stop_after_the_first_pack(judge)
        assert asyncio.run(leave(reranker))[0] == [0]
        assert engine.stats().in_flight["requests"] == 0
        judge.gate.open()
        reranker.judge("after", letters(1))
        assert len(judge.packs) == 3


def test_a_stream_whose_event_loop_is_gone_ends_its_request(engine, reranker, judge):
    async def begin():
        return reranker.astream("query", ["abc"])

    judge.gate.shut()
    stream = asyncio.run(begin())
    judge.gate.wait_for_arrival()
    judge.gate.open()
    until(lambda: engine.stats().in_flight["requests"] == 0)
    assert engine.stats().requests == {"RuntimeError": 1}
    del stream


def test_a_stream_from_a_closed_engine_is_refused_at_the_call(reranker, engine):
    engine.close()
    with pytest.raises(EngineClosedError):
        reranker.stream("query", ["abc"])


def test_probabilities_neither_overflow_nor_leave_their_range():
    scores = probabilities(np.asarray([-1e4, -1, 0, 1, 1e4], dtype=np.float32))
    assert scores.dtype == np.float32
    assert np.allclose(scores, [0, 0.26894143, 0.5, 0.7310586, 1])


def test_a_model_that_looks_ahead_gets_whole_prompts(engine):
    judge = FakeReranker(shares_prefix=False)
    judged = BatchedReranker(judge, engine).judge("query", ["abc", "abd"])
    assert judge.prefills == [""] and judged.shared_tokens == 0
    assert np.allclose(judged.logits, [logit_of("abc"), logit_of("abd")])
