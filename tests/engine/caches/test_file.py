import sqlite3

import pytest

from embedrank.core.errors import StorageError
from embedrank.engine.caches import open_cache
from embedrank.engine.caches.file import FileCache
from tests.engine.caches.entries import entry, key, same


def test_what_was_kept_is_there_for_the_next_process(tmp_path):
    first = FileCache(tmp_path / "vectors.sqlite")
    first.put_many({key(number): entry(number) for number in range(1200)})
    first.close()
    second = open_cache((tmp_path / "vectors.sqlite").as_uri())
    found = second.get_many([key(number) for number in (3, 5000, 1199)])
    assert same(found[0], entry(3)) and found[1] is None and same(found[2], entry(1199))
    assert len(second.get_many([key(number) for number in range(1200)])) == 1200
    assert second.counts() == {"hits": 1202, "misses": 1, "corrupt": 0, "errors": 0, "written": 0}
    second.close()


def test_a_later_entry_replaces_an_earlier_one(tmp_path):
    cache = FileCache(tmp_path / "vectors.sqlite")
    cache.put_many({key(1): entry(1)})
    cache.put_many({key(1): entry(2)})
    assert same(cache.get_many([key(1)])[0], entry(2))
    cache.close()


def test_damage_is_a_miss(tmp_path):
    cache = FileCache(tmp_path / "vectors.sqlite")
    cache.put_many({key(1): entry(1)})
    with sqlite3.connect(tmp_path / "vectors.sqlite") as other:
        other.execute("UPDATE vectors_v1 SET entry = x'0123'")
    other.close()
    assert cache.get_many([key(1)]) == [None]
    assert cache.counts()["corrupt"] == 1
    cache.close()


def test_a_file_that_fails_costs_hits_and_nothing_else(tmp_path):
    cache = FileCache(tmp_path / "vectors.sqlite")
    with sqlite3.connect(tmp_path / "vectors.sqlite") as other:
        other.execute("DROP TABLE vectors_v1")
    other.close()
    cache.put_many({key(1): entry(1)})
    assert cache.get_many([key(1)]) == [None]
    assert cache.counts()["errors"] == 2
    cache.close()


def test_another_file_is_refused(tmp_path):
    (tmp_path / "text.sqlite").write_text("this is no database at all, but a text that somebody wrote" * 20)
    with pytest.raises(StorageError, match="cannot be used as a cache"):
        FileCache(tmp_path / "text.sqlite")
    with pytest.raises(StorageError, match="cannot be used as a cache"):
        FileCache(tmp_path / "no" / "folder.sqlite")
