import pytest

from embedrank.core.errors import ConfigError, InvalidInputError, StorageError
from embedrank.engine.caches import open_cache
from embedrank.engine.caches.lru import LruCache
from embedrank.engine.caches.nothing import NoCache
from embedrank.engine.caches.tiered import TieredCache
from tests.engine.caches.entries import entry, key


def test_the_scheme_chooses():
    assert isinstance(open_cache("memory://"), LruCache)
    assert isinstance(open_cache("none://"), NoCache)


def test_options_come_with_the_url():
    cache = open_cache("memory://?max_bytes=1000")
    cache.put_many({key(number): entry(number) for number in range(5)})
    assert 0 < cache.counts()["bytes"] <= 1000


def test_redis_comes_with_memory_before_it_and_needs_no_server_to_open():
    pytest.importorskip("redis")
    cache = open_cache("redis://user:secret@localhost:1/3?ttl_s=60&prefix=mine&timeout_s=0.5&pause_s=1&max_bytes=1000")
    assert isinstance(cache, TieredCache)
    far = cache._far
    assert (far._ttl_ms, far._prefix, far._timeout_s) == (60_000, b"mine:v1:", 0.5)
    options = far._client.connection_pool.connection_kwargs
    assert (options["port"], options["db"], options["password"]) == (1, 3, "secret")
    cache.close()


def test_sqlite_comes_with_memory_before_it_and_a_bound(tmp_path):
    url = (tmp_path / "my vectors.sqlite").as_uri().replace("file://", "sqlite://")
    cache = open_cache(f"{url}?disk_bytes=1000000&max_bytes=1000&timeout_s=0.1&pause_s=1")
    cache.put_many({key(number): entry(number) for number in range(5)})
    cache.close()
    assert (tmp_path / "my vectors.sqlite").is_file()
    again = open_cache(url)
    assert [found.num_tokens for found in again.get_many([key(number) for number in range(5)])] == [0, 1, 2, 3, 4]
    assert (again.counts()["near_hits"], again.counts()["far_hits"]) == (0, 5)
    assert [found.num_tokens for found in again.get_many([key(number) for number in range(5)])] == [0, 1, 2, 3, 4]
    assert (again.counts()["near_hits"], again.counts()["far_hits"]) == (5, 5)
    again.close()


@pytest.mark.parametrize(
    ("url", "error", "says"),
    [
        ("ftp://user:secret@host", InvalidInputError, "'ftp' is none of memory://, redis://"),
        ("no url", InvalidInputError, "'' is none of"),
        ("memory://?max_byte=3", ConfigError, "max_byte"),
        ("memory://?max_bytes=much", ConfigError, "must be a number"),
        ("memory://?max_bytes=0", ConfigError, "at least 1"),
        ("none://?ttl_s=3", ConfigError, "ttl_s"),
        ("redis://localhost?ttl_s=0", ConfigError, "ttl_s"),
        ("redis://localhost?timeout_s=0", ConfigError, "timeout_s"),
        ("redis://user:secret@localhost:port", InvalidInputError, "no address"),
        ("redis://user:secret@localhost:99999", InvalidInputError, "no address"),
        ("redis://user:secret@[::1", InvalidInputError, "no URL"),
        ("sqlite://folder/vectors.sqlite", InvalidInputError, "three slashes"),
        ("file://folder/vectors.sqlite", InvalidInputError, "three slashes"),
        ("sqlite://", InvalidInputError, "no path"),
        ("sqlite:///no/such/folder/vectors.sqlite", StorageError, "cannot be used as a cache"),
        ("sqlite:///vectors.sqlite?disk_bytes=0", ConfigError, "disk_bytes"),
        ("sqlite:///vectors.sqlite?ttl_s=1", ConfigError, "ttl_s"),
    ],
)
def test_what_cannot_be_meant_is_refused_without_telling_passwords(url, error, says):
    with pytest.raises(error, match=says) as caught:
        open_cache(url)
    assert "secret" not in str(caught.value)
