"""Writes that another thread makes: nobody waits for them, and what cannot be taken on is counted."""

import threading

import numpy as np

from embedrank.engine.caches.behind import WriteBehind
from embedrank.engine.caches.lru import LruCache
from tests.engine.caches.entries import entry, key, same
from tests.engine.fakes import PATIENCE_S, until


class SlowCache(LruCache):
    def __init__(self):
        super().__init__()
        self.may_write = threading.Event()

    def put_many(self, entries):
        assert self.may_write.wait(PATIENCE_S)
        super().put_many(entries)


def test_nobody_waits_for_a_write_and_too_many_are_dropped_and_counted():
    slow = SlowCache()
    cache = WriteBehind(slow)
    for number in range(100):
        cache.put_many({key(number): entry(number)})
    assert cache.get_many([key(0)]) == [None]
    assert cache.counts()["dropped_writes"] >= 100 - 66
    slow.may_write.set()
    until(lambda: cache.counts()["entries"] + cache.counts()["dropped_writes"] == 100)
    assert same(cache.get_many([key(0)])[0], entry(0))
    cache.close()


def test_closing_writes_what_waits():
    slow, kept = SlowCache(), []
    slow.close = lambda: kept.append(slow.counts()["entries"])
    cache = WriteBehind(slow)
    for number in range(20):
        cache.put_many({key(number): entry(number)})
    slow.may_write.set()
    cache.close()
    assert kept == [20]


def test_what_waits_is_a_copy():
    slow = SlowCache()
    cache, one = WriteBehind(slow), entry(1)
    cache.put_many({key(1): one})
    one.vector[:] = 9
    slow.may_write.set()
    until(lambda: cache.get_many([key(1)])[0] is not None)
    assert np.array_equal(cache.get_many([key(1)])[0].vector, entry(1).vector)
    cache.close()
