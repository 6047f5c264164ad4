"""Vectors in a file: kept, bounded, shared by processes; whatever happens to the file costs hits and nothing else."""

import sqlite3
import subprocess
import sys
import threading

import pytest

from embedrank.core.errors import StorageError
from embedrank.engine.caches import open_cache
from embedrank.engine.caches.file import FileCache
from embedrank.engine.caches.record import to_bytes
from tests.engine.caches.entries import entry, key, same
from tests.engine.fakes import PATIENCE_S, until


def test_what_was_kept_is_there_for_the_next_process(tmp_path):
    first = FileCache(tmp_path / "vectors.sqlite")
    first.put_many({key(number): entry(number) for number in range(1200)})
    first.close()
    second = open_cache((tmp_path / "vectors.sqlite").as_uri())
    found = second.get_many([key(number) for number in (3, 5000, 1199)])
    assert same(found[0], entry(3)) and found[1] is None and same(found[2], entry(1199))
    assert len(second.get_many([key(number) for number in range(1200)])) == 1200
    counts = second.counts()
    assert (counts["hits"], counts["misses"]) == (1202, 1)
    assert not any(number for name, number in counts.items() if name not in ("hits", "misses"))
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
    assert (cache.counts()["errors"], cache.counts()["dropped_writes"]) == (2, 1)
    cache.close()


def test_a_locked_file_is_left_alone_after_some_tries_and_used_again_after_a_pause(tmp_path):
    cache = FileCache(tmp_path / "vectors.sqlite", timeout_s=0.01, pause_s=0.05)
    other = sqlite3.connect(tmp_path / "vectors.sqlite", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    for number in range(5):
        cache.put_many({key(number): entry(number)})
    assert cache.counts()["dropped_writes"] == 5 and cache.counts()["breaker_is_open"] == 1
    assert 3 <= cache.counts()["errors"] <= 5
    other.execute("COMMIT")
    other.close()
    until(lambda: cache.put_many({key(1): entry(1)}) or not cache.counts()["breaker_is_open"])
    assert same(cache.get_many([key(1)])[0], entry(1))
    cache.close()


def test_who_reads_does_not_wait_for_who_writes(tmp_path):
    cache = FileCache(tmp_path / "vectors.sqlite", timeout_s=PATIENCE_S)
    cache.put_many({key(1): entry(1)})
    other = sqlite3.connect(tmp_path / "vectors.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    writing = threading.Thread(target=cache.put_many, args=({key(2): entry(2)},))
    writing.start()
    assert same(cache.get_many([key(1)])[0], entry(1))
    assert writing.is_alive()
    other.execute("COMMIT")
    other.close()
    writing.join(PATIENCE_S)
    assert same(cache.get_many([key(2)])[0], entry(2))
    cache.close()


def test_a_full_disk_costs_writes_and_nothing_else(tmp_path):
    cache = FileCache(tmp_path / "vectors.sqlite")
    cache.put_many({key(1): entry(1)})
    cache._writer.execute("PRAGMA max_page_count=8")  # what SQLite then says is what it says of a full disk
    cache.put_many({key(number): entry(number, dim=1000) for number in range(2, 50)})
    assert (cache.counts()["errors"], cache.counts()["dropped_writes"]) == (1, 48)
    assert same(cache.get_many([key(1)])[0], entry(1)) and cache.get_many([key(2)]) == [None]
    cache.close()


def test_a_file_that_is_damaged_while_it_is_used_costs_hits_and_nothing_else(tmp_path):
    path = tmp_path / "vectors.sqlite"
    cache = FileCache(path)
    cache.put_many({key(number): entry(number, dim=500) for number in range(200)})
    cache._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    size = path.stat().st_size
    path.write_bytes(b"\0" * size)
    for number in range(200):
        (found,) = cache.get_many([key(number)])  # what SQLite still holds in memory is good
        assert found is None or same(found, entry(number, dim=500))
        cache.put_many({key(number): entry(number, dim=500)})
    assert cache.counts()["errors"] >= 1
    cache.close()


def test_a_bounded_file_keeps_what_was_used_last(tmp_path):
    now, path = [0.0], tmp_path / "vectors.sqlite"
    cache = FileCache(path, max_bytes=2_000_000, clock=lambda: now[0])
    cache.put_many({key(number): entry(number, dim=250) for number in range(500)})
    now[0] = 7200.0
    assert cache.get_many([key(7)])[0] is not None  # used again, later than its neighbours
    for start in range(500, 2000, 100):
        now[0] += 60.0
        cache.put_many({key(number): entry(number, dim=250) for number in range(start, start + 100)})
    counts = cache.counts()
    assert counts["evictions"] > 100 and counts["errors"] == 0
    assert path.stat().st_size < 2_500_000
    found = cache.get_many([key(7), key(8), key(1999)])
    assert same(found[0], entry(7, dim=250)) and found[1] is None and same(found[2], entry(1999, dim=250))
    cache.close()


def test_a_file_from_before_entries_could_go_is_read(tmp_path):
    with sqlite3.connect(tmp_path / "vectors.sqlite") as old:
        old.execute("CREATE TABLE vectors_v1 (key BLOB PRIMARY KEY, entry BLOB) WITHOUT ROWID")
        old.execute("INSERT INTO vectors_v1 VALUES (?, ?)", (key(1), to_bytes(entry(1))))
    old.close()
    cache = FileCache(tmp_path / "vectors.sqlite", max_bytes=1 << 20)
    assert same(cache.get_many([key(1)])[0], entry(1))
    cache.put_many({key(2): entry(2)})
    assert same(cache.get_many([key(2)])[0], entry(2))
    cache.close()


def test_several_processes_share_one_file(tmp_path):
    writes = f"""
from pathlib import Path
import sys
from embedrank.engine.caches.file import FileCache
from tests.engine.caches.entries import entry, key
cache = FileCache(Path({str(tmp_path / "vectors.sqlite")!r}), timeout_s=60)
for number in range(int(sys.argv[1]), 300, 3):
    cache.put_many({{key(number): entry(number)}})
assert cache.counts()["errors"] == 0, cache.counts()
"""
    writers = [subprocess.Popen([sys.executable, "-c", writes, str(start)]) for start in range(3)]
    assert [writer.wait(120) for writer in writers] == [0, 0, 0]
    cache = FileCache(tmp_path / "vectors.sqlite")
    found = cache.get_many([key(number) for number in range(300)])
    assert all(same(one, entry(number)) for number, one in enumerate(found))
    cache.close()


def test_another_file_is_refused(tmp_path):
    (tmp_path / "text.sqlite").write_text("this is no database at all, but a text that somebody wrote" * 20)
    with pytest.raises(StorageError, match="cannot be used as a cache"):
        FileCache(tmp_path / "text.sqlite")
    with pytest.raises(StorageError, match="cannot be used as a cache"):
        FileCache(tmp_path / "no" / "folder.sqlite")
