import io
import json
import os
import signal
import subprocess
import sys
import time

import pytest

from embedrank.core.errors import InvalidInputError, ResumeError, StorageError
from embedrank.engine.bulk.config import BulkConfig
from embedrank.engine.bulk.source import TextSource
from embedrank.engine.bulk.staging import Staging, staging_folder
from tests.engine.bulk.fakes import HashEncoder, load_coarse, load_other
from tests.engine.bulk.running import bulk, bytes_of, killed_at

NUM_TEXTS = 14


@pytest.fixture
def lines(tmp_path):
    path = tmp_path / "texts.txt"
    path.write_text("\n\n".join(f"text {i % 11}" for i in range(NUM_TEXTS)))
    return path


@pytest.fixture
def distinct(tmp_path):
    path = tmp_path / "distinct.txt"
    path.write_text("\n".join(f"text {i}" for i in range(NUM_TEXTS)))
    return path


class Stop(Exception):
    pass


def stopped(files, out, *, after, **how):
    """A run that is broken off when so many rows are committed."""

    def tell(told):
        if told.num_rows >= after:
            raise Stop

    with pytest.raises(Stop):
        bulk(files, out, tell=tell, **how)


@pytest.mark.parametrize(("name", "suffix"), [("lines", ".npy"), ("distinct", ".npy"), ("lines", ".jsonl")])
def test_a_kill_at_any_step_changes_no_byte_of_the_result(request, tmp_path, name, suffix):
    path = request.getfixturevalue(name)
    whole = tmp_path / f"whole{suffix}"
    bulk(path, whole)
    step = 1
    while True:
        out = tmp_path / f"killed{suffix}"
        if not killed_at(step, lambda: bulk(path, out)):  # noqa: B023
            break
        encoder = HashEncoder()
        bulk(path, out, how=lambda: encoder)  # noqa: B023
        assert bytes_of(out) == bytes_of(whole), f"killed at step {step}"
        assert not staging_folder(out).exists()
        out.unlink()
        step += 1
    assert step > 20


RUN = """
import sys, time
from pathlib import Path
from tests.engine.bulk.fakes import HashEncoder
from tests.engine.bulk.running import bulk
class Slow(HashEncoder):
    def encode_documents_reported(self, texts, *, dim=None):
        time.sleep(0.01)
        return super().encode_documents_reported(texts, dim=dim)
bulk(Path(sys.argv[1]), Path(sys.argv[2]), how=Slow, chunk_texts=40)
"""


@pytest.mark.parametrize("suffix", [".npy", ".parquet"])
def test_three_kills_in_one_run_change_no_byte_of_the_result(tmp_path, repository, suffix):
    path, whole, out = tmp_path / "texts.txt", tmp_path / f"whole{suffix}", tmp_path / f"killed{suffix}"
    path.write_text("\n".join(f"text {i % 1500}" for i in range(2000)))
    bulk(path, whole, chunk_texts=40)
    rows = [0]
    for _ in range(3):
        run = subprocess.Popen([sys.executable, "-c", RUN, path, out], cwd=repository)
        deadline = time.monotonic() + 60
        while _committed(out) < rows[-1] + 200:
            assert time.monotonic() < deadline and run.poll() is None
            time.sleep(0.002)
        os.kill(run.pid, signal.SIGKILL)
        run.wait()
        rows.append(_committed(out))
    assert rows[-1] < 2000 and not out.exists()
    report = bulk(path, out, chunk_texts=40)
    assert report.num_resumed == rows[-1] >= 600
    assert (report.progress.num_rows, report.progress.num_distinct) == (2000, 1500)
    assert bytes_of(out) == bytes_of(whole)


def _committed(out):
    try:
        return json.loads((staging_folder(out) / "journal.json").read_text())["progress"]["num_rows"]
    except FileNotFoundError:
        return 0


def test_what_was_committed_is_not_computed_again(lines, tmp_path):
    stopped(lines, tmp_path / "v.npy", after=8)
    encoder = HashEncoder()
    report = bulk(lines, tmp_path / "v.npy", how=lambda: encoder)
    assert report.num_resumed == 8
    assert [text for texts in encoder.asked for text in texts] == ["text 8", "text 9", "text 10"]
    assert report.progress.num_blank == NUM_TEXTS - 1


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"dim": 8}, "dim was not given, is 8"),
        ({"query": True}, "side was document, is query"),
        ({"store_dtype": "float16"}, "store dtype was float32, is float16"),
        ({"chunk_texts": 5}, "chunk texts was 4, is 5"),
        ({"how": load_other}, "model fingerprint was hash-1, is hash-2"),
        ({"how": load_coarse}, "precision was float32, is int8 in float32"),
    ],
)
def test_other_settings_are_refused_until_told_to_restart(lines, tmp_path, changed, said):
    out = tmp_path / "v.npy"
    stopped(lines, out, after=4)
    with pytest.raises(ResumeError, match=f"{said}.*--restart"):
        bulk(lines, out, **changed)
    assert _committed(out) == 4
    assert bulk(lines, out, restart=True, **changed).num_resumed == 0


def test_changed_input_is_refused(lines, distinct, tmp_path):
    out = tmp_path / "v.npy"
    stopped(lines, out, after=4)
    with pytest.raises(ResumeError, match=r"input was .*texts\.txt, is .*distinct\.txt"):
        bulk(distinct, out)
    size = lines.stat().st_size
    os.utime(lines, ns=(1, 1))
    with pytest.raises(ResumeError, match=r"texts\.txt changed \(written to since, same size\)"):
        bulk(lines, out)
    lines.write_text(lines.read_text() + "\nmore")
    with pytest.raises(ResumeError, match=rf"texts\.txt changed \({size} bytes, now {size + 5}\)"):
        bulk(lines, out)


def test_input_that_changes_while_it_is_read_is_told(lines, tmp_path):
    def tell(told):
        os.utime(lines, ns=(1, 1))

    with pytest.raises(InvalidInputError, match=r"texts\.txt: changed while it was read"):
        bulk(lines, tmp_path / "v.npy", tell=tell)
    assert not (tmp_path / "v.npy").exists()


def test_a_run_of_which_nothing_was_committed_hinders_nobody(lines, tmp_path):
    stopped(lines, tmp_path / "v.npy", after=0)
    assert not staging_folder(tmp_path / "v.npy").exists()
    assert bulk(lines, tmp_path / "v.npy", dim=8).width == 8


def test_stdin_cannot_be_gone_on_with(lines, tmp_path, monkeypatch):
    out = tmp_path / "v.npy"
    monkeypatch.setattr("sys.stdin", io.StringIO("a\nb\nc\nd\ne\n"))
    stopped(None, out, after=4, source=TextSource([]))
    assert not staging_folder(out).exists()  # an orderly end leaves nothing that nobody can use
    monkeypatch.setattr("sys.stdin", io.StringIO("a\nb\nc\nd\ne\n"))
    assert killed_at(8, lambda: bulk(None, out, source=TextSource([])))
    with pytest.raises(ResumeError, match="stdin and pipes cannot be read again"):
        bulk(None, out, source=TextSource([]))


def test_two_runs_of_one_output_do_not_mix(lines, tmp_path):
    out = tmp_path / "v.npy"
    staging = Staging(out, {}, width=16, config=BulkConfig())
    with pytest.raises(StorageError, match="another run is writing it"):
        bulk(lines, out)
    staging.discard()
    assert bulk(lines, out).progress.num_rows == NUM_TEXTS


@pytest.mark.parametrize("name", ["vectors.npy", "rows.jsonl", "journal.json", "seen.sqlite"])
def test_a_damaged_folder_is_told_and_restart_helps(lines, tmp_path, name):
    out = tmp_path / "v.npy"
    stopped(lines, out, after=8)
    (staging_folder(out) / name).write_bytes(b"x" * 20)
    with pytest.raises(StorageError, match="--restart"):
        bulk(lines, out)
    assert bulk(lines, out, restart=True).progress.num_rows == NUM_TEXTS


def test_a_bad_row_far_on_keeps_what_was_committed(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text("\n".join([*(json.dumps(f"text {i}") for i in range(100)), "{nope"]))
    with pytest.raises(InvalidInputError, match="line 101"):
        bulk(path, tmp_path / "v.npy")
    assert _committed(tmp_path / "v.npy") == 96
