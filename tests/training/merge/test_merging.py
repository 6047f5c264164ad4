"""Whole merges: folders in, one folder out, or nothing."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from embedrank import Embedder, Reranker
from embedrank.core.errors import CheckpointError, ConfigError, OppositeVectorsError, StorageError
from embedrank.model.checkpoint import save_embedder, save_reranker
from embedrank.model.prompting import PromptPolicy
from embedrank.training.merge.config import MergeConfig
from embedrank.training.merge.merging import merge
from tests.model.conftest import pico_decoder, pico_tokenizer


def variant(seed, **changes):
    """A model trained a little from the same base."""
    decoder = pico_decoder(**changes)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in decoder.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=generator) * 0.02)
    return decoder


def embedder(folder, seed, dtype=torch.float32, **changes):
    policy = PromptPolicy()
    decoder = pico_decoder(**changes) if seed == 0 else variant(seed, **changes)
    save_embedder(folder, decoder, pico_tokenizer(), prompts=policy, max_length=512, dtype=dtype)
    return folder


@pytest.fixture
def parents(tmp_path):
    return [embedder(tmp_path / f"p{seed}", seed) for seed in (1, 2, 3)]


@pytest.fixture
def base(tmp_path):
    return embedder(tmp_path / "base", 0)


def weights(folder):
    found = {}
    for file in folder.glob("*.safetensors"):
        found |= load_file(file)
    return {name.removeprefix("model."): tensor for name, tensor in found.items()}


@pytest.mark.parametrize(("t", "end"), [(0.0, 0), (1.0, 1)])
def test_the_ends_of_slerp_are_the_parents_to_the_bit(parents, tmp_path, t, end):
    merge(parents[:2], tmp_path / "m", MergeConfig(t=t))
    expected = weights(parents[end])
    got = weights(tmp_path / "m")
    assert got.keys() == expected.keys()
    assert all(torch.equal(got[name], tensor) for name, tensor in expected.items())


@pytest.mark.parametrize(
    "config",
    [
        MergeConfig(),
        MergeConfig(method="karcher"),
        MergeConfig(method="linear", weights=(1.0, 2.0, 3.0)),
        MergeConfig(method="ties", base="base", density=1.0),
        MergeConfig(method="task-arithmetic", base="base", scale=1 / 3),
    ],
    ids=lambda config: config.method,
)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_equal_parents_merge_into_themselves(tmp_path, base, config, dtype):
    parent = embedder(tmp_path / "p", 1, dtype)
    merge([parent] * 3, tmp_path / "m", config, base=base if config.base else None)
    for name, tensor in weights(parent).items():
        got = weights(tmp_path / "m")[name]
        assert got.dtype == dtype
        assert torch.allclose(got, tensor, atol=1e-6)


def test_tensors_are_what_the_formula_says_part_by_part(parents, base, tmp_path, monkeypatch):
    monkeypatch.setattr("embedrank.training.merge.parents.PART", 1000)  # most tensors then come in parts
    merge(parents, tmp_path / "mean", MergeConfig(method="linear", base="base", scale=0.5), base=base)
    every = [weights(folder) for folder in parents]
    for name, tensor in weights(tmp_path / "mean").items():
        mean = sum(each[name].double() for each in every) / 3
        start = weights(base)[name].double()
        assert torch.allclose(tensor.double(), start + 0.5 * (mean - start), atol=1e-6)
    merge(parents[:2], tmp_path / "arc", MergeConfig(t=0.3))
    name = "layers.1.mlp.up_proj.weight"
    first, second = (each[name].double().flatten() for each in every[:2])
    angle = torch.acos(first @ second / first.norm() / second.norm())
    arc = (torch.sin(0.7 * angle) * first + torch.sin(0.3 * angle) * second) / torch.sin(angle)
    assert torch.allclose(weights(tmp_path / "arc")[name].double().flatten(), arc, atol=1e-6)


def test_the_result_is_a_whole_model_that_says_where_it_comes_from(parents, tmp_path):
    told = []
    target = merge(parents, tmp_path / "m", MergeConfig(), on_tensor=lambda *done: told.append(done))
    texts = ["hello world", "no"]
    vectors = Embedder.load(str(target), device="cpu").encode_documents(texts)
    ends = [Embedder.load(str(folder), device="cpu").encode_documents(texts) for folder in parents]
    assert all((vectors * end).sum(1).min() > 0.5 for end in ends)
    assert {path.name for path in target.rglob("*")} == {path.name for path in parents[0].rglob("*")}
    assert told == [(done, len(weights(target))) for done in range(1, len(weights(target)) + 1)]
    record = json.loads((target / "embedrank.json").read_text())
    assert record["kind"] == "embedder" and record["merged"]["method"] == "slerp"
    assert [parent["folder"] for parent in record["merged"]["parents"]] == [str(folder) for folder in parents]
    assert len({parent["weights"] for parent in record["merged"]["parents"]}) == 3


def test_sentence_transformers_reads_the_result(parents, tmp_path):
    from sentence_transformers import SentenceTransformer

    target = merge(parents, tmp_path / "m", MergeConfig(), shard_bytes=20_000)
    assert len(list(target.glob("model-*-of-*.safetensors"))) > 2
    ours = Embedder.load(str(target), device="cpu").encode_documents(["hello world", "no"])
    theirs = SentenceTransformer(str(target), device="cpu").encode(["hello world", "no"], normalize_embeddings=True)
    assert np.abs(ours - theirs).max() < 1e-5


@pytest.mark.parametrize("shard_bytes", [1, 20_000, 1 << 30])
def test_shards_hold_the_same_tensors_whatever_their_size(parents, tmp_path, shard_bytes):
    target = merge(parents[:2], tmp_path / "m", MergeConfig(), shard_bytes=shard_bytes)
    whole = merge(parents[:2], tmp_path / "w", MergeConfig())
    assert all(torch.equal(tensor, weights(whole)[name]) for name, tensor in weights(target).items())
    again = merge([target, parents[2]], tmp_path / "again", MergeConfig())  # sharded parents are read too
    assert weights(again).keys() == weights(whole).keys()


def test_rerankers_merge_with_their_head_or_without(tmp_path):
    head = torch.randn(320, 48)
    untied = [tmp_path / "u1", tmp_path / "u2"]
    for seed, folder in enumerate(untied, start=1):
        decoder = variant(seed, tie_word_embeddings=False)
        save_reranker(folder, decoder, pico_tokenizer(), lm_head_VM=head * seed, dtype=torch.float32)
    target = merge(untied, tmp_path / "m", MergeConfig(method="linear"))
    assert torch.allclose(weights(target)["lm_head.weight"], head * 1.5, atol=1e-5)
    score = Reranker.load(str(target), device="cpu").score("hello", ["world"])
    assert 0 <= score[0] <= 1
    (tmp_path / "bare").mkdir()
    shutil.copytree(untied[1], tmp_path / "bare", dirs_exist_ok=True)
    tensors = load_file(untied[1] / "model.safetensors")
    del tensors["lm_head.weight"]
    save_file(tensors, tmp_path / "bare" / "model.safetensors")
    for order in ([untied[0], tmp_path / "bare"], [tmp_path / "bare", untied[0]]):
        with pytest.raises(CheckpointError, match=r"bare: lacks lm_head\.weight, unlike .*u1"):
            merge(order, tmp_path / "n", MergeConfig())


def test_embedders_merge_with_a_prefix_and_a_spare_head(parents, tmp_path):
    """Official checkpoints come in both spellings."""
    tensors = {f"model.{name}": tensor for name, tensor in weights(parents[1]).items()}
    save_file({**tensors, "lm_head.weight": torch.randn(320, 48)}, parents[1] / "model.safetensors")
    for name, order in (("a", parents[:2]), ("b", parents[1::-1])):
        merge(order, tmp_path / name, MergeConfig(method="linear"))
        Embedder.load(str(tmp_path / name), device="cpu")
    assert "lm_head.weight" not in weights(tmp_path / "b")
    for name, tensor in weights(tmp_path / "a").items():
        assert torch.equal(tensor, weights(tmp_path / "b")[name])


def test_what_does_not_belong_together_is_refused_and_leaves_nothing(parents, tmp_path):
    wide = embedder(tmp_path / "wide", 4, intermediate_size=96)
    save_reranker(tmp_path / "judge", variant(5), pico_tokenizer(), dtype=torch.float32)
    target = tmp_path / "m"
    with pytest.raises(CheckpointError, match="intermediate_size 96"):
        merge([parents[0], wide], target, MergeConfig())
    with pytest.raises(ConfigError, match="two at least"):
        merge(parents[:1], target, MergeConfig())
    with pytest.raises(StorageError, match="lies in one"):
        merge(parents, parents[0] / "inside", MergeConfig())
    spoiled = weights(parents[1])
    spoiled["layers.1.mlp.up_proj.weight"][3, 3] = float("nan")
    save_file(spoiled, parents[1] / "model.safetensors")
    with pytest.raises(CheckpointError, match=r"p2.*layers\.1\.mlp\.up_proj.*not finite"):
        merge(parents, target, MergeConfig())
    spoiled["layers.1.mlp.up_proj.weight"] = -weights(parents[0])["layers.1.mlp.up_proj.weight"]
    save_file(spoiled, parents[1] / "model.safetensors")
    with pytest.raises(OppositeVectorsError, match=r"of layers\.1\.mlp\.up_proj\.weight"):
        merge(parents, target, MergeConfig())
    assert not target.exists() and not list(tmp_path.glob("*.partial"))
    target.mkdir()
    with pytest.raises(StorageError, match="exists already"):
        merge(parents[::2], target, MergeConfig())


def test_other_vocabularies_are_refused(parents, tmp_path):
    content = json.loads((parents[1] / "tokenizer.json").read_text())
    content["model"]["merges"] = content["model"]["merges"][:-1]
    (parents[1] / "tokenizer.json").write_text(json.dumps(content))
    with pytest.raises(CheckpointError, match="another tokenizer"):
        merge(parents, tmp_path / "m", MergeConfig())


MEASURED = """
import resource, sys
from pathlib import Path
from embedrank.training.merge.config import MergeConfig
from embedrank.training.merge import parents
from embedrank.training.merge.merging import merge
parents.PART = 1 << 16
def private_mib():
    fields = dict(line.split(":") for line in open("/proc/self/status").read().splitlines())
    return int(fields["RssAnon"].split()[0]) / 1024
before, peak = private_mib(), 0
def look(done, total):
    global peak
    peak = max(peak, private_mib())
merge([Path(folder) for folder in sys.argv[2:]], Path(sys.argv[1]), MergeConfig(), on_tensor=look, shard_bytes=4 << 20)
print(peak - before)
"""


@pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="reads its memory from /proc")
def test_memory_is_that_of_a_part_and_a_shard_not_of_the_model(tmp_path):
    shape = {"hidden_size": 256, "intermediate_size": 1024, "num_hidden_layers": 24}
    folders = [embedder(tmp_path / f"big{seed}", seed, **shape) for seed in (1, 2)]
    assert (folders[0] / "model.safetensors").stat().st_size > 70 * 2**20
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, str(tmp_path / "m"), *map(str, folders)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert float(done.stdout) < 35  # a shard, the largest tensor, scratch for parts
