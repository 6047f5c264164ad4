import numpy as np
import pytest

from embedrank.core.errors import ConfigError
from embedrank.core.protocols import EmbeddingCache
from embedrank.core.types import EmbeddedText
from embedrank.engine.caches.lru import LruCache
from tests.engine.caches.entries import entry, key, same


def test_what_was_kept_is_found_and_nothing_else():
    cache = LruCache()
    assert isinstance(cache, EmbeddingCache)
    cache.put_many({key(1): entry(1), key(2): entry(2)})
    found = cache.get_many([key(2), key(3), key(1)])
    assert same(found[0], entry(2)) and found[1] is None and same(found[2], entry(1))
    assert {name: cache.counts()[name] for name in ("hits", "misses", "entries")} == {
        "hits": 2,
        "misses": 1,
        "entries": 2,
    }


def test_the_least_recently_used_goes_first_and_the_bound_holds():
    one = LruCache()
    one.put_many({key(0): entry(0)})
    cache = LruCache(max_bytes=3 * one.counts()["bytes"])
    for number in range(3):
        cache.put_many({key(number): entry(number)})
    cache.get_many([key(0)])
    cache.put_many({key(3): entry(3)})
    assert [found is not None for found in cache.get_many([key(number) for number in range(4)])] == [1, 0, 1, 1]
    assert cache.counts()["evictions"] == 1 and cache.counts()["bytes"] <= 3 * one.counts()["bytes"]


def test_replacing_an_entry_counts_it_once():
    cache = LruCache()
    cache.put_many({key(1): entry(1)})
    before = cache.counts()["bytes"]
    cache.put_many({key(1): entry(7)})
    assert cache.counts()["bytes"] == before and same(cache.get_many([key(1)])[0], entry(7))


def test_what_is_larger_than_the_cache_is_not_kept():
    cache = LruCache(max_bytes=500)
    cache.put_many({key(1): entry(1, dim=1000)})
    assert cache.counts()["entries"] == cache.counts()["bytes"] == 0


def test_a_row_of_a_batch_does_not_keep_the_batch():
    cache, batch = LruCache(), np.zeros((1000, 8), dtype=np.float32)
    cache.put_many({key(1): EmbeddedText(vector=batch[3], num_tokens=1, uncut_tokens=1)})
    kept = cache.get_many([key(1)])[0].vector
    assert kept.base is None and not kept.flags.writeable
    batch[3] = 9
    assert not kept.any()


def test_a_cache_without_room_is_refused():
    with pytest.raises(ConfigError, match="max_bytes"):
        LruCache(0)
