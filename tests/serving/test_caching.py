"""A cache makes answers faster and is never needed for them; equal texts on their way are computed once."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from embedrank.engine.caches import open_cache
from tests.engine.caches.servers import RedisServer
from tests.engine.fakes import PATIENCE_S, expected, until
from tests.serving.fakes import FakeLoader, embed, vectors


@pytest.fixture
def redis(tmp_path):
    server = RedisServer(tmp_path)
    yield server
    server.stop()


@pytest.fixture
def second_loader():
    made = FakeLoader()
    yield made
    made.open_gates()


def counts(live):
    return live.service.worker.engine.stats()


def test_equal_texts_of_clients_that_ask_at_once_are_computed_once(serving, loader):
    live = serving(loader=loader)
    loader.embedder.gate.shut()
    with ThreadPoolExecutor(4) as pool:
        held = pool.submit(embed, live.url, ["held"])
        loader.embedder.gate.wait_for_arrival()
        same = [pool.submit(embed, live.url, ["same"]) for _ in range(3)]
        until(lambda: counts(live).joined == 2)
        loader.embedder.gate.open()
        assert all(np.allclose(vectors(answer.result())[0], expected("same"), atol=1e-6) for answer in same)
    assert held.result().status_code == 200
    assert loader.embedder.computed.count("same") == 1


def test_a_redis_that_goes_and_comes_back_makes_no_difference_to_answers(serving, loader, redis):
    cache = open_cache(f"{redis.url}?max_bytes=1&timeout_s=0.2&pause_s=0.2")  # nothing is kept in this process
    try:
        live = serving(loader=loader, cache=cache)
        ask_for(live, "a")
        until(lambda: (ask_for(live, "a"), counts(live).cache_hits)[1] > 0)
        redis.stop()
        for text in "abcdef":
            ask_for(live, text)
        assert live.service.health().is_well
        redis.start()
        before = counts(live).cache_hits
        until(lambda: (ask_for(live, "z"), counts(live).cache_hits)[1] > before)
    finally:
        cache.close()


def test_two_servers_share_what_one_has_computed(serving, loader, second_loader, redis):
    caches = [open_cache(f"{redis.url}?timeout_s={PATIENCE_S}") for _ in range(2)]
    try:
        one, other = (
            serving(loader=each, cache=kept) for each, kept in zip((loader, second_loader), caches, strict=True)
        )
        ask_for(one, "shared")
        until(lambda: counts(one).caches["pico"]["far_written"] == 1)
        ask_for(other, "shared")
        ask_for(other, "new")
        assert second_loader.embedder.computed == ["new"]
        assert (counts(other).cache_hits, counts(other).cache_misses) == (1, 1)
    finally:
        for kept in caches:
            kept.close()


def test_the_next_server_finds_what_the_last_one_kept_in_a_file(serving, loader, second_loader, tmp_path):
    url = (tmp_path / "vectors.sqlite").as_uri().replace("file://", "sqlite://")
    first = open_cache(url)
    ask_for(serving(loader=loader, cache=first), "kept")
    first.close()
    later = open_cache(url)
    ask_for(serving(loader=second_loader, cache=later), "kept")
    assert second_loader.embedder.computed == []
    later.close()


def test_what_decides_a_vector_decides_its_key(serving, loader):
    live = serving(loader=loader)
    for fields in ({}, {"input_type": "query"}, {"instruction": "find it"}, {"dimensions": 8}):
        vectors(embed(live.url, ["text"], **fields))
    assert counts(live).cache_misses == 3  # the shorter vector was cut from the whole one


def ask_for(live, text):
    assert np.allclose(vectors(embed(live.url, [text]))[0], expected(text), atol=1e-6)
