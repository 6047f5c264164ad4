from embedrank.core.protocols import EmbeddingCache
from embedrank.engine.caches.lru import LruCache
from embedrank.engine.caches.nothing import NoCache
from embedrank.engine.caches.tiered import TieredCache
from tests.engine.caches.entries import entry, key, same


def test_the_far_cache_is_asked_only_for_what_the_near_one_lacks():
    near, far = LruCache(), LruCache()
    cache = TieredCache(near, far)
    assert isinstance(cache, EmbeddingCache) and isinstance(NoCache(), EmbeddingCache)
    near.put_many({key(1): entry(1)})
    far.put_many({key(2): entry(2)})
    for _ in range(2):
        found = cache.get_many([key(1), key(2), key(3)])
        assert same(found[0], entry(1)) and same(found[1], entry(2)) and found[2] is None
    counts = cache.counts()
    assert (counts["near_hits"], counts["far_hits"], counts["far_misses"]) == (3, 1, 2)


def test_what_is_kept_is_kept_in_both_and_closed_in_both():
    near, far = LruCache(), LruCache()
    cache = TieredCache(near, far)
    cache.put_many({key(1): entry(1)})
    assert near.get_many([key(1)])[0] and far.get_many([key(1)])[0]
    cache.close()
    assert near.counts()["entries"] == far.counts()["entries"] == 0
