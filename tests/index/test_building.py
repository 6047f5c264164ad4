"""Runs bring the index in line with the files, and a killed run leaves an index that opens, answers and completes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from embedrank.core.errors import IndexMismatchError, IndexNotFoundError, StorageError
from embedrank.core.types import Document
from embedrank.index.builder import BuildConfig, IndexBuilder
from embedrank.index.manifest import FORMAT_VERSION, IndexManifest
from embedrank.index.store import LanceStore
from tests.index.bag_of_words import DIM, BagOfWords

TOPICS = ("apple", "banana", "cherry", "damson", "elder", "fig")


@pytest.fixture
def files(tmp_path: Path) -> Path:
    folder = tmp_path / "files"
    folder.mkdir()
    for number in range(6):
        (folder / f"{number}.txt").write_text(f"document number {number} about {TOPICS[number]}")
    return folder


@pytest.fixture
def store(tmp_path: Path) -> LanceStore:
    return LanceStore.create(tmp_path / "index", DIM)


def test_only_what_changed_is_embedded_again(files: Path, store: LanceStore) -> None:
    encoder = BagOfWords()
    first = IndexBuilder(store, encoder).sync([files])
    assert (first.added, first.updated, first.unchanged, first.removed) == (6, 0, 0, 0)
    (files / "1.txt").write_text("changed entirely: zeppelin")
    (files / "2.txt").unlink()
    (files / "new.txt").write_text("a new one")
    encoder.num_encoded = 0
    second = IndexBuilder(store, encoder).sync([files])
    assert (second.added, second.updated, second.unchanged, second.removed) == (1, 1, 4, 1)
    assert encoder.num_encoded == 2
    assert store.search_text("zeppelin", top=1)[0].id.startswith(str(files / "1.txt"))
    assert store.search_text("cherry", top=3) == []


def test_files_outside_the_synced_folder_stay(files: Path, store: LanceStore, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "x.txt").write_text("elsewhere")
    builder = IndexBuilder(store, BagOfWords())
    builder.sync([files, other])
    assert builder.sync([files]).removed == 0
    assert store.search_text("elsewhere", top=1)


def test_unreadable_files_are_listed_and_stop_nothing(files: Path, store: LanceStore) -> None:
    (files / "bad.pdf").write_bytes(b"%PDF-1.4 broken")
    (files / "empty.txt").write_text("")
    (files / "bin").write_bytes(bytes(range(256)) * 10)
    report = IndexBuilder(store, BagOfWords()).sync([files])
    assert report.added == 6
    assert len(report.skipped) == 3
    assert all(skipped.reason for skipped in report.skipped)


def test_documents_can_be_added_without_files(store: LanceStore) -> None:
    documents = [Document(id="a", text="first"), Document(id="b", text="second"), Document(id="a", text="again")]
    report = IndexBuilder(store, BagOfWords()).add(documents)
    assert store.count() == 2
    assert report.added + report.updated + len(report.skipped) == 3


KILLED_RUN = """
import sys, time
from pathlib import Path
from embedrank.index.builder import BuildConfig, IndexBuilder
from embedrank.index.store import LanceStore
from tests.index.bag_of_words import DIM, BagOfWords
folder, files = Path(sys.argv[1]), sys.argv[2]
store = LanceStore.open(folder) if LanceStore.exists(folder) else LanceStore.create(folder, DIM)
print("started", flush=True)
IndexBuilder(store, BagOfWords(), config=BuildConfig(batch_chunks=3)).sync([files])
print("finished", flush=True)
"""


def test_a_killed_run_leaves_an_index_that_the_next_run_completes(tmp_path: Path, repository: Path) -> None:
    files = tmp_path / "files"
    files.mkdir()
    for number in range(40):
        (files / f"{number:02}.txt").write_text(
            "\n\n".join(f"topic{number} part{part} " + "word " * 150 for part in range(3))
        )
    folder = tmp_path / "index"
    kills = 0
    for delay in (0.05, 0.2, 0.4, 0.7):
        process = subprocess.Popen(
            [sys.executable, "-c", KILLED_RUN, str(folder), str(files)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=repository,
            env={**os.environ, "PYTHONPATH": str(repository)},
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "started\n"
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        process.wait()
        kills += process.returncode == -signal.SIGKILL
        process.stdout.close()
        opened = LanceStore.open(folder)
        sizes = {name: stored.num_chunks for name, stored in opened.documents().items()}
        assert all(size == 3 for size in sizes.values()), "a document is there whole or not at all"
        if sizes:
            assert opened.search_text("word", top=5)
    assert kills, "no run was still going when it was killed"
    store = LanceStore.open(folder)
    IndexBuilder(store, BagOfWords(), config=BuildConfig(batch_chunks=3)).sync([files])
    whole = LanceStore.create(tmp_path / "whole", DIM)
    IndexBuilder(whole, BagOfWords()).sync([files])
    assert sorted(store.ids()) == sorted(whole.ids())
    assert store.get(sorted(store.ids())) == whole.get(sorted(whole.ids()))


def test_a_manifest_refuses_what_does_not_match_and_names_it(tmp_path: Path) -> None:
    manifest = IndexManifest(model_name="nano", model_fingerprint="abc", dim=64, query_instruction=None)
    manifest.save(tmp_path)
    loaded = IndexManifest.load(tmp_path)
    assert loaded == manifest
    loaded.check(tmp_path, model_fingerprint="abc", dim=64)
    with pytest.raises(IndexMismatchError, match="dim 64, not 32"):
        loaded.check(tmp_path, dim=32)
    with pytest.raises(IndexMismatchError, match="model_fingerprint"):
        loaded.check(tmp_path, model_fingerprint="other")


def test_a_missing_damaged_or_newer_manifest_is_told_apart(tmp_path: Path) -> None:
    with pytest.raises(IndexNotFoundError):
        IndexManifest.load(tmp_path)
    IndexManifest(model_name="n", model_fingerprint="f", dim=8).save(tmp_path)
    [path] = [path for path in tmp_path.iterdir() if path.suffix == ".json"]
    text = path.read_text()
    path.write_text(text.replace(f'"format_version": {FORMAT_VERSION}', '"format_version": 99'))
    with pytest.raises(StorageError, match="has format 99"):
        IndexManifest.load(tmp_path)
    path.write_text(text[: len(text) // 2])
    with pytest.raises(StorageError):
        IndexManifest.load(tmp_path)


@pytest.mark.skipif(not Path("/proc/self/limits").exists(), reason="file size limits are set as on Linux")
def test_a_full_disk_is_one_clear_error_and_loses_nothing(tmp_path: Path, repository: Path) -> None:
    script = """
import resource, signal, sys
import numpy as np
from embedrank.core.errors import StorageError
from embedrank.core.types import Chunk
from embedrank.index.store import LanceStore
def chunk(name, size): return Chunk(id=f"{name}#0", document_id=name, ordinal=0, text="word " * size)
store = LanceStore.create(sys.argv[1], 8)
store.upsert([chunk("kept", 3)], np.eye(8, dtype=np.float32)[:1])
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
try:
    store.upsert([chunk("big", 200_000)], np.eye(8, dtype=np.float32)[:1])
except StorageError as error:
    print("StorageError:", str(error).count("\\n"))
"""
    ran = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "s")],
        capture_output=True,
        text=True,
        cwd=repository,
        env={**os.environ, "PYTHONPATH": str(repository)},
        check=False,
    )
    assert "StorageError: 0" in ran.stdout, ran.stderr[-2000:]
    assert LanceStore.open(tmp_path / "s").ids() == ["kept#0"]
