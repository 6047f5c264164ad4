"""The batched embedder against the plain one, on a real decoder of random weights, and its cache and single flight."""

import asyncio

import numpy as np
import pytest

from embedrank.core.errors import ComputeError, InvalidInputError, TokenIdError
from embedrank.core.protocols import Encoder
from embedrank.core.types import Document
from embedrank.engine.caches.lru import LruCache
from embedrank.engine.caches.nothing import NoCache
from embedrank.engine.config import EngineConfig
from embedrank.engine.embedder import BatchedEmbedder
from embedrank.engine.embedding import unit_front
from embedrank.engine.engine import Engine
from embedrank.model.embedder import Embedder
from embedrank.search.index import SearchIndex
from tests.engine.fakes import PATIENCE_S, FakeEmbedder, expected, until
from tests.model.conftest import pico_decoder, pico_tokenizer

INVARIANCE = 2e-6  # largest difference of a number of a unit vector, float32, between any two batches (docs/engine.md)
TEXTS = ["hello world", "", "no", "w" * 300, "hello " * 30, "a b c", "梵文", "yes " * 7, "hello world"]


@pytest.fixture(scope="module")
def plain():
    return Embedder(pico_decoder(), pico_tokenizer(), max_length=128, name="pico", fingerprint="pico")


@pytest.fixture
def batched(engine, plain):
    return BatchedEmbedder(plain, engine)


def test_it_is_an_encoder(batched, plain):
    assert isinstance(batched, Encoder)
    assert (batched.fingerprint, batched.dim, batched.name) == (plain.fingerprint, plain.dim, plain.name)
    assert batched.default_instruction == plain.default_instruction


@pytest.mark.parametrize("dim", [None, 32, 40])
def test_vectors_counts_and_truncations_are_those_of_the_plain_embedder(batched, plain, dim):
    for _ in range(2):  # computed, then from the cache
        got, want = batched.encode_documents_reported(TEXTS, dim=dim), plain.encode_documents_reported(TEXTS, dim=dim)
        assert np.abs(got.vectors - want.vectors).max() < INVARIANCE
        assert got.num_tokens == want.num_tokens and list(got.truncations) == list(want.truncations)
        assert got.vectors.dtype == np.float32 and got.truncations


@pytest.mark.parametrize("instruction", [None, "", "find the answer"])
def test_queries_carry_their_instruction(batched, plain, instruction):
    got = batched.encode_queries(TEXTS, instruction=instruction)
    assert np.abs(got - plain.encode_queries(TEXTS, instruction=instruction)).max() < INVARIANCE


def test_a_text_has_the_same_vector_alone_and_beside_others(plain):
    with Engine(EngineConfig(max_batch_tokens=200)) as engine:
        alone = BatchedEmbedder(plain, engine, cache=NoCache())
        single = np.concatenate([alone.encode_documents([text]) for text in TEXTS])
        beside = alone.encode_documents(TEXTS)
        reversed_ = alone.encode_documents(TEXTS[::-1])[::-1]
    assert np.abs(single - beside).max() < INVARIANCE
    assert np.abs(single - reversed_).max() < INVARIANCE


def test_a_long_list_is_sent_in_parts_and_comes_back_whole(batched):
    texts = [f"hello {number}" for number in range(2100)] + ["w" * 300]
    encoded = batched.encode_documents_reported(texts)
    assert encoded.vectors.shape == (2101, 48) and len(encoded.num_tokens) == 2101
    assert [cut.index for cut in encoded.truncations] == [2100]
    assert np.allclose(batched.encode_documents(texts[1500:1501]), encoded.vectors[1500:1501], atol=INVARIANCE)


def test_a_list_of_more_characters_than_an_engine_takes_is_sent_in_parts(model):
    with Engine(EngineConfig(max_characters=10)) as engine:
        embedder = BatchedEmbedder(model, engine)
        texts = ["aaaa", "bbbb", "cccc", "dddddddddd", "e"]
        assert np.array_equal(embedder.encode_documents(texts), [expected(text) for text in texts])


def test_no_texts_give_no_vectors(batched):
    assert batched.encode_documents([], dim=32).shape == (0, 32)
    assert asyncio.run(batched.embed_queries([])).vectors.shape == (0, 48)


@pytest.mark.parametrize(
    ("texts", "dim", "says"),
    [("one text", None, "single text"), ([1], None, "int"), (["\ud800"], None, "surrogate"), (["a"], 31, "31")],
)
def test_bad_input_is_refused_before_anything_is_queued(engine, batched, texts, dim, says):
    with pytest.raises(InvalidInputError, match=says):
        batched.submit_documents(texts, dim=dim)
    assert engine.stats().requests == {}


def test_a_token_without_a_row_fails_its_own_request(engine, plain):
    decoder = pico_decoder(vocab_size=270)  # <think> is just above
    poisoned = BatchedEmbedder(Embedder(decoder, plain._tokenizer, fingerprint="small"), engine)
    with pytest.raises(TokenIdError):
        poisoned.encode_documents(["hello <think>"])


def test_a_front_is_brought_back_to_unit_length():
    vectors = np.asarray([[3, 4, 12], [0, 0, 1]], dtype=np.float32) / np.asarray([[13], [1]], dtype=np.float32)
    assert np.allclose(unit_front(vectors, 2), [[0.6, 0.8], [0, 0]])
    assert unit_front(vectors, 3) is vectors


def test_a_kept_vector_serves_every_dimension_and_both_kinds_of_callers(engine, embedder, model):
    whole = embedder.encode_documents(["text"])
    short = embedder.encode_documents(["text"], dim=16)
    assert np.allclose(short, unit_front(whole, 16)) and model.computed == ["text"]
    again = asyncio.run(embedder.embed_documents(["text"])).vectors
    assert np.array_equal(again, whole) and model.computed == ["text"]
    assert engine.stats().cache_hits == 2


def test_side_and_instruction_tell_kept_vectors_apart(embedder, model):
    embedder.encode_documents(["text"])
    for instruction in (None, "", "default"):  # the last two look alike only to a careless key
        embedder.encode_queries(["text"], instruction=instruction)
    assert model.computed == ["text", "default>text", ">text", "default>text"]


def test_two_models_share_a_cache_without_mixing(engine):
    cache = LruCache()
    first, second = FakeEmbedder(name="first"), FakeEmbedder(name="second")
    half = FakeEmbedder(name="first")
    half.precision = "bfloat16"
    for model in (first, second, half, FakeEmbedder(name="first", max_length=5)):
        BatchedEmbedder(model, engine, cache=cache).encode_documents(["text"])
        assert len(model.batches) == 1
    BatchedEmbedder(FakeEmbedder(name="first"), engine, cache=cache).encode_documents(["text"])
    assert cache.counts()["hits"] == 1


def test_a_changed_answer_changes_nothing_kept(embedder):
    embedder.encode_documents(["text"])[:] = 0
    assert np.array_equal(embedder.encode_documents(["text"])[0], expected("text"))
    embedder.encode_documents(["text"])[:] = 0
    assert np.array_equal(embedder.encode_documents(["text"])[0], expected("text"))


def test_a_shared_cache_asks_for_a_name_of_the_model(engine):
    model = FakeEmbedder()
    model.fingerprint = ""
    with pytest.raises(InvalidInputError, match="fingerprint"):
        BatchedEmbedder(model, engine, cache=LruCache())
    BatchedEmbedder(model, engine).encode_documents(["text"])


def test_equal_texts_at_the_same_time_are_computed_once(engine, embedder, model):
    model.gate.shut()
    held = embedder.submit_documents(["held"])
    model.gate.wait_for_arrival()
    futures = [embedder.submit_documents(["same", "held", "same"]) for _ in range(10)]
    until(lambda: engine.stats().joined == 29)
    model.gate.open()
    for future in futures:
        assert np.array_equal(future.result(PATIENCE_S).vectors, [expected(t) for t in ("same", "held", "same")])
    held.result(PATIENCE_S)
    assert model.computed == ["held", "same"]


def test_a_joined_text_is_still_computed_when_the_first_to_ask_goes_away(engine, embedder, model):
    model.gate.shut()
    held = embedder.submit_documents(["held"])
    model.gate.wait_for_arrival()
    first = embedder.submit_documents(["same"])
    until(lambda: engine.stats().waiting_items == 1)
    second = embedder.submit_documents(["same"])
    until(lambda: engine.stats().waiting_items == 2)
    first.cancel()
    model.gate.open()
    assert np.array_equal(second.result(PATIENCE_S).vectors[0], expected("same"))
    held.result(PATIENCE_S)
    assert model.computed == ["held", "same"] and engine.stats().dropped_texts == 0


def test_a_query_that_joins_a_bulk_request_does_not_wait_for_its_place_there(model):
    with Engine(EngineConfig(max_batch_tokens=50)) as engine:
        embedder = BatchedEmbedder(model, engine)
        model.gate.shut()
        held = embedder.submit_documents(["held"])
        model.gate.wait_for_arrival()
        bulk = embedder.submit_documents([f"bulk {number:03}" for number in range(300)] + ["bulk last"])
        until(lambda: engine.stats().waiting_items == 301)
        query = embedder.submit_documents(["bulk last"])
        until(lambda: engine.stats().waiting_items == 302)
        model.gate.open()
        query.result(PATIENCE_S)
        assert "bulk last" in model.batches[1]
        bulk.result(PATIENCE_S)
        held.result(PATIENCE_S)
        assert model.computed.count("bulk last") == 1


def test_a_failure_reaches_all_who_joined_and_is_not_kept(engine, embedder, model):
    model.gate.shut()
    model.errors["same"] = RuntimeError("once")
    futures = [embedder.submit_documents(["same"]) for _ in range(3)]
    until(lambda: engine.stats().joined == 2)
    model.gate.open()
    for future in futures:
        with pytest.raises(ComputeError, match="once"):
            future.result(PATIENCE_S)
    model.errors.clear()
    assert np.array_equal(embedder.encode_documents(["same"])[0], expected("same"))


def test_a_search_index_runs_on_it(tmp_path, batched, plain):
    documents = [Document(id="a", text="hello world"), Document(id="b", text="no yes")]
    with SearchIndex.open(tmp_path / "i", embedder=batched) as index:
        index.add(documents)
        through_engine = [hit.document_id for hit in index.search("hello", rerank=False)]
    with SearchIndex.open(tmp_path / "i", embedder=plain) as index:
        assert [hit.document_id for hit in index.search("hello", rerank=False)] == through_engine
