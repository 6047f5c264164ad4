import multiprocessing
import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from embedrank.core.errors import WorkerError
from embedrank.engine.bulk.config import BulkConfig
from embedrank.engine.bulk.processes import Processes
from embedrank.engine.bulk.staging import staging_folder
from tests.engine.bulk.fakes import load, load_deadly, load_dying, load_none, load_other
from tests.engine.bulk.running import bulk, bytes_of

CONFIG = BulkConfig(chunk_texts=4, commit_every_s=0)


def texts_in(path, *texts):
    path.write_text("\n".join(texts))
    return path


@pytest.fixture(autouse=True)
def no_process_is_left():
    yield
    assert not multiprocessing.active_children()


def test_three_processes_give_the_same_bytes_as_one(tmp_path):
    path = texts_in(tmp_path / "texts.txt", *[f"text {i % 70}" for i in range(99)])
    for suffix in (".npy", ".jsonl"):
        bulk(path, tmp_path / f"one{suffix}")
        report = bulk(path, tmp_path / f"three{suffix}", pool=Processes([load] * 3, CONFIG))
        assert report.progress.num_distinct == 70
        assert bytes_of(tmp_path / f"one{suffix}") == bytes_of(tmp_path / f"three{suffix}")


def test_the_chunk_of_a_process_that_died_is_given_again(tmp_path):
    path = texts_in(tmp_path / "texts.txt", *[f"text {i}" for i in range(30)], "die", "last")
    bulk(path, tmp_path / "one.npy")
    deadly = partial(load_deadly, tmp_path / "died")
    bulk(path, tmp_path / "two.npy", pool=Processes([deadly] * 2, CONFIG))
    assert (tmp_path / "died").exists()
    assert bytes_of(tmp_path / "one.npy") == bytes_of(tmp_path / "two.npy")


def test_a_chunk_on_which_two_processes_died_ends_the_run_and_a_later_run_goes_on(tmp_path):
    path = texts_in(tmp_path / "texts.txt", *[f"text {i}" for i in range(10)], "die", *"xyz")
    out = tmp_path / "v.npy"
    with pytest.raises(WorkerError, match=r"died twice on rows 9 to 12 \(killed by signal 9\)"):
        bulk(path, out, pool=Processes([load_deadly] * 2, CONFIG))
    assert not out.exists() and staging_folder(out).exists()
    assert bulk(path, out).num_resumed == 8


@pytest.mark.parametrize(
    ("loads", "said"),
    [
        ([load, load_none], "worker 2: checkpoint there: is damaged"),
        ([load, load_dying], r"worker 2: died while it loaded the model \(killed by signal 9\)"),
        ([load, load_other], "worker 2: loaded another model than worker 1"),
    ],
)
def test_a_process_that_cannot_load_the_model_ends_the_run(tmp_path, loads, said):
    path = texts_in(tmp_path / "texts.txt", "one", "two")
    with pytest.raises(WorkerError, match=said):
        bulk(path, tmp_path / "v.npy", pool=Processes(loads, CONFIG))
    assert [found.name for found in tmp_path.iterdir()] == ["texts.txt"]


def test_a_bug_in_a_process_keeps_its_traceback(tmp_path):
    path = texts_in(tmp_path / "texts.txt", "bug")
    with pytest.raises(RuntimeError, match=r"(?s)worker 1 failed:.*fakes\.py.*ZeroDivisionError: a bug"):
        bulk(path, tmp_path / "v.npy", pool=Processes([load_deadly], CONFIG))


RUN = """
import sys, time
from pathlib import Path
from embedrank.engine.bulk.processes import Processes
from tests.engine.bulk.running import bulk
from tests.engine.bulk.test_processes import CONFIG, load
def tell(told):
    print("told", flush=True)
    time.sleep(0.01)
if __name__ == "__main__":
    bulk(Path(sys.argv[1]), Path(sys.argv[2]), pool=Processes([load] * 2, CONFIG), tell=tell)
"""


def test_processes_end_with_a_parent_that_was_killed(tmp_path, repository):
    path = texts_in(tmp_path / "texts.txt", *[f"text {i}" for i in range(9999)])
    (tmp_path / "run.py").write_text(RUN)
    command = [sys.executable, tmp_path / "run.py", path, tmp_path / "v.npy"]
    with subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(repository)}, stdout=subprocess.PIPE) as run:
        run.stdout.readline()
        children = _children_of(run.pid)
        assert len(children) >= 2
        os.kill(run.pid, signal.SIGKILL)
    deadline = time.monotonic() + 30
    while any(_is_alive(child) for child in children):
        assert time.monotonic() < deadline, "a worker outlived its parent"
        time.sleep(0.05)


def _children_of(pid):
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _is_alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_vectors_arrive_whole(tmp_path):
    path = texts_in(tmp_path / "texts.txt", *[f"text {i}" for i in range(5000)])
    config = BulkConfig(chunk_texts=2500)  # larger than any pipe holds
    bulk(path, tmp_path / "v.npy", pool=Processes([load] * 2, config), chunk_texts=2500)
    assert np.load(tmp_path / "v.npy").shape == (5000, 16)
