"""The Redis cache against a real server, and against servers that are down, mute, dripping, or talk nonsense."""

import socket
import threading

import numpy as np
import pytest

from embedrank.core.errors import InvalidInputError
from embedrank.core.protocols import EmbeddingCache
from embedrank.engine.caches import open_cache
from embedrank.engine.caches.record import to_bytes
from embedrank.engine.caches.redis import RedisCache, RedisConfig
from embedrank.engine.embedder import BatchedEmbedder
from embedrank.engine.engine import Engine
from tests.engine.caches.entries import entry, key, same
from tests.engine.caches.servers import Peer, RedisServer, free_port
from tests.engine.fakes import PATIENCE_S, FakeEmbedder, expected, until

pytest.importorskip("redis")


@pytest.fixture
def server(tmp_path):
    made = RedisServer(tmp_path)
    yield made
    made.stop()


@pytest.fixture
def opened():
    caches = []

    def make(url, **options):
        caches.append(RedisCache(RedisConfig(url=url, **{"timeout_s": PATIENCE_S, **options})))
        return caches[-1]

    yield make
    for cache in caches:
        cache.close()


def test_what_was_written_is_read_by_another_client(server, opened):
    one, other = opened(server.url), opened(server.url)
    assert isinstance(one, EmbeddingCache)
    one.put_many({key(number): entry(number) for number in range(50)})
    until(lambda: one.counts()["written"] == 50)
    found = other.get_many([key(7), key(99), key(0)])
    assert same(found[0], entry(7)) and found[1] is None and same(found[2], entry(0))
    assert (other.counts()["hits"], other.counts()["misses"]) == (2, 1)
    assert other.get_many([]) == []


def test_prefixes_keep_deployments_apart_and_carry_the_version(server, opened):
    mine, theirs = opened(server.url, prefix="mine"), opened(server.url, prefix="theirs")
    mine.put_many({key(1): entry(1)})
    until(lambda: mine.counts()["written"] == 1)
    assert theirs.get_many([key(1)]) == [None]
    assert mine._client.keys() == [b"mine:v1:" + key(1).hex().encode()]


def test_entries_go_after_their_time(server, opened):
    cache = opened(server.url, ttl_s=1000)
    cache.put_many({key(1): entry(1)})
    until(lambda: cache.counts()["written"] == 1)
    assert 0 < cache._client.pttl(cache._name(key(1))) <= 1_000_000
    brief = opened(server.url, ttl_s=0.01, prefix="brief")
    brief.put_many({key(1): entry(1)})
    until(lambda: brief.counts()["written"] == 1)
    until(lambda: brief.get_many([key(1)]) == [None])


@pytest.mark.parametrize("raw", [b"", b"nonsense", to_bytes(entry(1))[:-1]])
def test_a_corrupt_entry_is_a_miss_and_is_counted(server, opened, raw):
    cache = opened(server.url)
    cache._client.set(cache._name(key(1)), raw)
    assert cache.get_many([key(1), key(2)]) == [None, None]
    assert (cache.counts()["corrupt"], cache.counts()["misses"]) == (1, 2)
    cache._client.hset(cache._name(key(2)), "not", "even a string")
    assert cache.get_many([key(2)]) == [None]


def test_closing_writes_what_waits(server, opened):
    cache = RedisCache(RedisConfig(url=server.url, timeout_s=PATIENCE_S))
    for number in range(20):
        cache.put_many({key(number): entry(number)})
    cache.close()
    assert cache.counts()["written"] == 20
    assert len(opened(server.url)._client.keys()) == 20


def test_a_server_that_comes_back_is_used_again(server, opened):
    cache = opened(server.url, pause_s=0.01)
    cache.put_many({key(1): entry(1)})
    until(lambda: cache.counts()["written"] == 1)
    server.stop()
    until(lambda: cache.get_many([key(1)]) == [None] and cache.counts()["breaker_is_open"])
    server.start()
    until(lambda: cache.get_many([key(2)]) == [None] and not cache.counts()["breaker_is_open"])
    cache.put_many({key(2): entry(2)})
    until(lambda: cache.get_many([key(2)])[0] is not None)
    assert cache.counts()["errors"] >= 3 and cache.counts()["breaker_openings"] >= 1


def test_a_server_that_is_down_costs_misses_and_is_left_alone(opened):
    cache = opened(f"redis://127.0.0.1:{free_port()}/0", pause_s=1000)
    for _ in range(10):
        assert cache.get_many([key(1), key(2)]) == [None, None]
    cache.put_many({key(1): entry(1), key(2): entry(2)})
    counts = cache.counts()
    assert (counts["errors"], counts["skipped_reads"], counts["dropped_writes"]) == (3, 7, 2)
    assert (counts["misses"], counts["breaker_is_open"], counts["breaker_openings"]) == (20, 1, 1)


def never_answer(connection):
    while connection.recv(4096):
        pass


def drip(connection):
    """Answer the first command with an endless line, byte by byte: no timeout of a socket ever strikes."""
    while connection.recv(4096):
        while True:
            connection.sendall(b"+")
            stop.wait(0.01)


def talk_nonsense(connection):
    connection.recv(4096)
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


def hang_up(connection):
    connection.recv(1)
    connection.shutdown(socket.SHUT_RDWR)


stop = threading.Event()


@pytest.mark.parametrize("behave", [never_answer, drip, talk_nonsense, hang_up])
def test_a_server_that_misbehaves_fails_and_hangs_no_request(behave, engine):
    peer = Peer(behave)
    cache = open_cache(f"{peer.url}?timeout_s=0.02&pause_s=1000")
    model = FakeEmbedder()
    embedder = BatchedEmbedder(model, engine, cache=cache)
    try:
        for number in range(8):
            texts = [f"{number}", "again"]
            future = embedder.submit_documents(texts)
            assert np.array_equal(future.result(PATIENCE_S).vectors, [expected(text) for text in texts])
    finally:
        peer.close()
        cache.close()
    counts = engine.stats().caches["fake"]
    assert counts["far_errors"] + counts["far_timeouts"] >= 3 and counts["far_breaker_is_open"] == 1
    assert counts["far_hits"] == 0 and counts["near_hits"] == 7
    assert model.computed.count("again") == 1


def test_two_engines_share_what_they_computed(server):
    computed = []
    for _ in range(2):
        cache, model = open_cache(f"{server.url}?timeout_s={PATIENCE_S}"), FakeEmbedder(max_length=5)
        with Engine() as engine:
            encoded = BatchedEmbedder(model, engine, cache=cache).encode_documents_reported(
                ["long text", "short"], dim=16
            )
        cache.close()
        computed.append((model.computed, encoded))
    (first, want), (second, got) = computed
    assert sorted(first) == ["long ", "short"] and second == []
    assert np.array_equal(got.vectors, want.vectors)
    assert got.num_tokens == want.num_tokens and list(got.truncations) == list(want.truncations) and got.truncations


def test_without_the_library_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "redis", None)
    with pytest.raises(InvalidInputError, match=r"embedrank\[redis\]"):
        open_cache("redis://localhost")
