"""What does not belong together or cannot end well is refused by name, and nothing of value is touched."""

import json
import os
import shutil
import signal
import subprocess
import sys

import pytest
import torch
from safetensors.torch import load_file, save_file

from embedrank.core.errors import CheckpointError, NumericalError, StorageError
from embedrank.training.merge import merging
from embedrank.training.merge.config import MergeConfig
from embedrank.training.merge.merging import merge
from tests.training.merge.test_merging import embedder, weights


@pytest.fixture
def parents(tmp_path):
    return [embedder(tmp_path / f"p{seed}", seed) for seed in (1, 2)]


def change_json(path, change):
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def mean_pooling(pooling):
    pooling |= {"pooling_mode_lasttoken": False, "pooling_mode_mean_tokens": True}


@pytest.mark.parametrize(
    ("file", "change", "problem"),
    [
        ("tokenizer.json", lambda content: content["added_tokens"].pop(), "p2: has another tokenizer than .*p1"),
        ("tokenizer.json", lambda content: content.update(normalizer=None), "p2: has another tokenizer than .*p1"),
        ("1_Pooling/config.json", mean_pooling, "p2: pools by mean, and .*p1 by lasttoken"),
        ("config.json", lambda content: content.update(rope_theta=5e5), r"p2: has rope_theta 500000\.0, unlike .*p1"),
    ],
)
def test_parents_that_read_texts_differently_are_refused(parents, tmp_path, file, change, problem):
    change_json(parents[1] / file, change)
    with pytest.raises(CheckpointError, match=problem):
        merge(parents, tmp_path / "m", MergeConfig())
    assert not (tmp_path / "m").exists()


def test_a_tokenizer_that_leaves_the_end_token_to_us_is_the_same_tokenizer(parents, tmp_path):
    change_json(parents[1] / "tokenizer.json", lambda content: content.update(post_processor=None))
    assert merge(parents, tmp_path / "m", MergeConfig()).is_dir()


def test_parents_without_a_tokenizer_are_refused(parents, tmp_path):
    for parent in parents:
        (parent / "tokenizer.json").unlink()
    with pytest.raises(CheckpointError, match=r"tokenizer\.json is missing"):
        merge(parents, tmp_path / "m", MergeConfig())


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_tensor_of_one_parent_alone_is_named_whichever_has_it(parents, tmp_path, order):
    save_file({**weights(parents[1]), "score.weight": torch.ones(1, 48)}, parents[1] / "model.safetensors")
    with pytest.raises(CheckpointError, match=r"p1: lacks score\.weight, unlike .*p2"):
        merge([parents[index] for index in order], tmp_path / "m", MergeConfig())


def test_a_base_has_to_fit_in_its_tensors_only(parents, tmp_path):
    base = embedder(tmp_path / "base", 0)
    change_json(base / "config.json", lambda content: content.update(max_position_embeddings=128))
    (base / "tokenizer.json").unlink()
    assert merge(parents, tmp_path / "m", MergeConfig(base="base"), base=base).is_dir()
    tensors = weights(base)
    save_file({**tensors, "norm.weight": torch.ones(7)}, base / "model.safetensors")
    with pytest.raises(CheckpointError, match=r"base: norm\.weight has shape \[7\], and \[48\] in .*p1"):
        merge(parents, tmp_path / "n", MergeConfig(base="base"), base=base)


def test_what_may_differ_is_told_and_taken_from_the_first(parents, tmp_path):
    file = "config_sentence_transformers.json"
    change_json(parents[1] / file, lambda content: content["prompts"].update(query="Find: "))
    change_json(parents[1] / "sentence_bert_config.json", lambda content: content.update(max_seq_length=64))
    save_file({name: tensor.bfloat16() for name, tensor in weights(parents[1]).items()}, parents[1] / merging.SINGLE)
    told = []
    target = merge(parents, tmp_path / "m", MergeConfig(), on_note=told.append)
    assert [line.split(" has another ")[1].split(";")[0] for line in told] == [
        "prompts",
        "number of tokens read",
        "number type",
    ]
    assert (target / file).read_bytes() == (parents[0] / file).read_bytes()
    assert {tensor.dtype for tensor in weights(target).values()} == {torch.float32}


def test_a_result_too_large_for_its_number_type_is_refused(tmp_path):
    parents = [embedder(tmp_path / f"p{seed}", seed, dtype=torch.float16) for seed in (1, 2)]
    base = embedder(tmp_path / "base", 0, dtype=torch.float16)
    config = MergeConfig(method="task-arithmetic", base="base", scale=1e7)
    with pytest.raises(NumericalError, match=r"numbers of .*weight in torch\.float16"):
        merge(parents, tmp_path / "m", config, base=base)
    assert not (tmp_path / "m").exists()


def test_no_input_is_written_over_or_into(parents, tmp_path):
    base = embedder(tmp_path / "base", 0)
    in_the_way = parents[1].rename(tmp_path / "m.partial")
    with pytest.raises(StorageError, match=r"m\.partial: has the name"):
        merge([parents[0], in_the_way], tmp_path / "m", MergeConfig())
    assert weights(in_the_way)
    with pytest.raises(StorageError, match="lies in one of the models to merge"):
        merge([parents[0], in_the_way], base / "m", MergeConfig(base="base"), base=base)


def test_a_folder_that_is_not_there_and_a_disk_that_is_too_small_are_told_first(parents, tmp_path, monkeypatch):
    with pytest.raises(StorageError, match="no such folder"):
        merge(parents, tmp_path / "nowhere" / "m", MergeConfig())
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10, 10, 1000))
    with pytest.raises(StorageError, match="make room first"):
        merge(parents, tmp_path / "m", MergeConfig())


FULL_DISK = """
import resource, sys
from pathlib import Path
from embedrank.core.errors import StorageError
from embedrank.training.merge.config import MergeConfig
from embedrank.training.merge.merging import merge
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))  # a file larger than this cannot be written
try:
    merge([Path(folder) for folder in sys.argv[2:]], Path(sys.argv[1]), MergeConfig())
except StorageError as error:
    print(error)
"""
KILLED = """
import os, signal, sys
from pathlib import Path
from embedrank.training.merge.config import MergeConfig
from embedrank.training.merge.merging import merge
def die(folder):
    os.kill(os.getpid(), signal.SIGKILL)
merge([Path(folder) for folder in sys.argv[2:]], Path(sys.argv[1]), MergeConfig(), finish=die)
"""


def run(code, *words):
    return subprocess.run([sys.executable, "-c", code, *map(str, words)], capture_output=True, text=True, check=False)


@pytest.mark.skipif(os.name != "posix", reason="limits of a process are set by POSIX")
def test_a_full_disk_leaves_nothing(parents, tmp_path):
    before = set(tmp_path.iterdir())
    done = run(FULL_DISK, tmp_path / "m", *parents)
    assert "merged model not written" in done.stdout, done.stderr
    assert set(tmp_path.iterdir()) == before


@pytest.mark.skipif(os.name != "posix", reason="a process is killed by a signal")
def test_a_kill_leaves_no_half_model_under_the_name_and_the_next_merge_cleans_up(parents, tmp_path):
    assert run(KILLED, tmp_path / "m", *parents).returncode == -signal.SIGKILL
    assert not (tmp_path / "m").exists()
    merge(parents, tmp_path / "m", MergeConfig())
    assert load_file(tmp_path / "m" / "model.safetensors").keys() == weights(parents[0]).keys()
    assert not (tmp_path / "m.partial").exists()
