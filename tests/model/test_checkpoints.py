"""Every layout that official and exported checkpoints come in, and what is said of damaged ones."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from embedrank import Embedder, Reranker
from embedrank.core.errors import (
    CheckpointError,
    MissingShardError,
    MissingTensorError,
    ModelNotFoundError,
    StorageError,
    TensorShapeError,
)
from embedrank.model.checkpoint import save_embedder, save_reranker
from embedrank.model.prompting import PromptPolicy
from tests.model.conftest import pico_decoder, pico_tokenizer

TEXTS = ["hello world", "no"]


@pytest.fixture
def folder(embedder_folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(embedder_folder, tmp_path / "model"))


def vectors(folder: Path) -> np.ndarray:
    return Embedder.load(str(folder), dtype="fp32").encode_documents(TEXTS)


def rewrite(folder: Path, change: dict[str, torch.Tensor]) -> None:
    save_file({name: tensor.contiguous() for name, tensor in change.items()}, folder / "model.safetensors")


def shard(folder: Path) -> None:
    tensors = load_file(folder / "model.safetensors")
    names = sorted(tensors)
    parts = {"model-00001-of-00002.safetensors": names[::2], "model-00002-of-00002.safetensors": names[1::2]}
    for file, held in parts.items():
        save_file({name: tensors[name] for name in held}, folder / file)
    weight_map = {name: file for file, held in parts.items() for name in held}
    (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": weight_map}))
    (folder / "model.safetensors").unlink()


def test_shards_load_like_one_file(folder: Path) -> None:
    expected = vectors(folder)
    shard(folder)
    assert np.array_equal(vectors(folder), expected)


def test_names_with_and_without_the_model_prefix_load_alike(folder: Path) -> None:
    expected = vectors(folder)
    rewrite(folder, {"model." + name: tensor for name, tensor in load_file(folder / "model.safetensors").items()})
    assert np.array_equal(vectors(folder), expected)


def test_an_untied_head_is_taken_from_lm_head(reranker_folder: Path, tmp_path: Path) -> None:
    head = torch.randn(320, 48, generator=torch.Generator().manual_seed(3))
    save_reranker(
        tmp_path / "untied",
        pico_decoder(tie_word_embeddings=False),
        pico_tokenizer(),
        lm_head_VM=head,
        dtype=torch.float32,
    )
    untied = Reranker.load(str(tmp_path / "untied"), dtype="fp32").logits("hello", TEXTS)
    tied = Reranker.load(str(reranker_folder), dtype="fp32").logits("hello", TEXTS)
    assert np.abs(untied - tied).max() > 1e-3
    tensors = load_file(tmp_path / "untied" / "model.safetensors")
    del tensors["lm_head.weight"]
    rewrite(tmp_path / "untied", tensors)
    with pytest.raises(MissingTensorError, match=r"lm_head\.weight"):
        Reranker.load(str(tmp_path / "untied"))


@pytest.mark.parametrize("rows", [1, 2])
def test_score_heads_of_one_and_two_rows_equal_the_causal_head(
    reranker_folder: Path, tmp_path: Path, rows: int
) -> None:
    expected = Reranker.load(str(reranker_folder), dtype="fp32").logits("hello", TEXTS)
    copy = Path(shutil.copytree(reranker_folder, tmp_path / "score"))
    tensors = load_file(copy / "model.safetensors")
    tokenizer = pico_tokenizer()
    no, yes = (tensors["model.embed_tokens.weight"][tokenizer.token_id(word)] for word in ("no", "yes"))
    tensors["score.weight"] = (yes - no)[None] if rows == 1 else torch.stack((no, yes))
    rewrite(copy, tensors)
    config = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps({**config, "architectures": ["Qwen3ForSequenceClassification"]}))
    assert np.abs(Reranker.load(str(copy), dtype="fp32").logits("hello", TEXTS) - expected).max() < 1e-5


def test_saving_and_loading_keeps_every_bit(tmp_path: Path) -> None:
    decoder = pico_decoder()
    save_embedder(tmp_path / "m", decoder, pico_tokenizer(), prompts=PromptPolicy(), max_length=64, dtype=torch.float32)
    stored = load_file(tmp_path / "m" / "model.safetensors")
    assert stored.keys() == decoder.state_dict().keys()
    assert all(torch.equal(stored[name], tensor) for name, tensor in decoder.state_dict().items())


def test_an_existing_folder_is_not_overwritten(embedder_folder: Path) -> None:
    with pytest.raises(StorageError, match="exists already"):
        save_embedder(embedder_folder, pico_decoder(), pico_tokenizer(), prompts=PromptPolicy(), max_length=64)


def test_loading_maps_the_file_instead_of_copying_it(embedder_folder: Path) -> None:
    embedder = Embedder.load(str(embedder_folder), dtype="fp32")
    maps = Path("/proc/self/maps")
    if not maps.exists():
        pytest.skip("the maps of a process are shown on Linux only")
    assert str(embedder_folder / "model.safetensors") in maps.read_text()
    assert embedder.dim == 48


def test_the_fingerprint_follows_weights_and_prompts(folder: Path) -> None:
    before = Embedder.load(str(folder)).fingerprint
    assert Embedder.load(str(folder)).fingerprint == before
    prompts = folder / "config_sentence_transformers.json"
    prompts.write_text(prompts.read_text().replace("web search", "code search"))
    changed_prompt = Embedder.load(str(folder)).fingerprint
    tensors = load_file(folder / "model.safetensors")
    tensors["norm.weight"] = tensors["norm.weight"] + 1e-3
    rewrite(folder, tensors)
    assert len({before, changed_prompt, Embedder.load(str(folder)).fingerprint}) == 3


def test_a_missing_shard_is_named(folder: Path) -> None:
    shard(folder)
    (folder / "model-00002-of-00002.safetensors").unlink()
    with pytest.raises(MissingShardError, match="model-00002-of-00002"):
        Embedder.load(str(folder))


def test_a_wrong_shape_is_named_with_both_shapes(folder: Path) -> None:
    tensors = load_file(folder / "model.safetensors")
    rewrite(folder, {**tensors, "norm.weight": torch.ones(7)})
    with pytest.raises(TensorShapeError, match=r"norm\.weight has shape \[7\].*\[48\]"):
        Embedder.load(str(folder))


def test_a_missing_tensor_is_named(folder: Path) -> None:
    tensors = load_file(folder / "model.safetensors")
    del tensors["layers.1.mlp.up_proj.weight"]
    rewrite(folder, tensors)
    with pytest.raises(MissingTensorError, match=r"layers\.1\.mlp\.up_proj\.weight"):
        Embedder.load(str(folder))


def test_damaged_and_absent_files_are_told_apart(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(b"\x00" * 100)
    with pytest.raises(CheckpointError, match="damaged"):
        Embedder.load(str(folder))
    (folder / "model.safetensors").unlink()
    with pytest.raises(CheckpointError, match="holds neither"):
        Embedder.load(str(folder))
    (folder / "tokenizer.json").write_text("{}")
    with pytest.raises(CheckpointError):
        Embedder.load(str(folder))


def test_each_kind_refuses_the_other(embedder_folder: Path, reranker_folder: Path) -> None:
    with pytest.raises(CheckpointError, match="is an embedder"):
        Reranker.load(str(embedder_folder))
    with pytest.raises(CheckpointError, match="is a reranker"):
        Embedder.load(str(reranker_folder))


def test_an_unknown_name_lists_the_presets() -> None:
    with pytest.raises(ModelNotFoundError, match="nano"):
        Embedder.load("no-such-model")
