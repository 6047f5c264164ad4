import os
import subprocess
import sys

import numpy as np
import pytest

from embedrank.core.errors import InvalidInputError, WorkerError
from embedrank.engine.bulk.config import BulkConfig
from embedrank.engine.bulk.encoder import load_encoder
from embedrank.engine.bulk.ray_data import RayData
from tests.cli.command_line import assert_one_error_line, no_models, process, say

ON_RAY = {"address": "local", "num_actors": 2, "num_cores": 2}


def test_a_missing_ray_is_told_with_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(InvalidInputError, match=r'needs the package ray \(pip install "embedrank\[ray\]"\)'):
        RayData("nano", BulkConfig(), **ON_RAY)


def test_ray_writes_to_a_file_only(capsys):
    assert_one_error_line(say(capsys, "embed", "--ray", "local", wiring=no_models()), "--ray: needs --out")


def test_devices_are_given_out_by_ray():
    pytest.importorskip("ray")
    with pytest.raises(InvalidInputError, match="Ray itself says which actor takes which GPU"):
        RayData("nano", BulkConfig(), **ON_RAY, devices=["cuda:0", "cuda:1"])


def test_an_address_where_nobody_listens_is_told_at_once():
    pytest.importorskip("ray")
    pool = RayData("nano", BulkConfig(), **{**ON_RAY, "address": "127.0.0.1:9"})
    with pytest.raises(WorkerError, match=r"nobody answers at 127\.0\.0\.1:9"):
        pool.start()
    pool.close()


@pytest.mark.slow
def test_a_local_ray_of_two_workers_gives_the_rows_of_one_process_in_order(tmp_path):
    pytest.importorskip("ray")
    texts = [f"text {i % 150} on ray" for i in range(200)]
    (tmp_path / "texts.txt").write_text("\n".join(texts))
    options = ("--workers", 2, "--ray", "local", "--chunk", 16)
    done = process("embed", tmp_path / "texts.txt", "--out", tmp_path / "v.npy", *options)
    assert done.returncode == 0, done.stderr
    assert "200 texts, 150 distinct computed" in done.stderr and done.stdout == ""
    expected = load_encoder("nano").encode_documents_reported(texts).vectors
    np.testing.assert_allclose(np.load(tmp_path / "v.npy"), expected, atol=1e-5)


RUN = """
import sys
from functools import partial
from pathlib import Path
from embedrank.core.errors import WorkerError
from embedrank.engine.bulk.config import BulkConfig
from embedrank.engine.bulk.ray_data import RayData
from tests.engine.bulk.fakes import load_deadly
from tests.engine.bulk.running import bulk, bytes_of
folder = Path(sys.argv[1])
path = folder / "texts.txt"
path.write_text("\\n".join([*(f"text {i}" for i in range(30)), "die", "last"]))
def pool(load):
    return RayData(load, BulkConfig(chunk_texts=4), address="local", num_actors=2, num_cores=2)
bulk(path, folder / "one.npy")
bulk(path, folder / "ray.npy", pool=pool(partial(load_deadly, folder / "died")))
assert (folder / "died").exists() and bytes_of(folder / "one.npy") == bytes_of(folder / "ray.npy")
try:
    bulk(path, folder / "v.npy", pool=pool(load_deadly))
except WorkerError as error:
    assert "two actors died on the same chunk" in str(error), error
    print(bulk(path, folder / "v.npy").num_resumed)
"""


@pytest.mark.slow
def test_the_chunk_of_an_actor_that_died_is_given_again_once(tmp_path, repository):
    pytest.importorskip("ray")
    environment = {**os.environ, "PYTHONPATH": str(repository)}
    command = [sys.executable, "-c", RUN, tmp_path]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout.splitlines()[-1]) <= 28  # Ray itself says things on stdout
