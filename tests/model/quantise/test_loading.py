"""Quantised models straight from checkpoints: like those quantised in memory, a little at a time, and serving only."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from embedrank import Embedder, Reranker
from embedrank.core.errors import InvalidInputError, MissingTensorError, TensorShapeError
from embedrank.model.checkpoint import save_embedder, save_reranker
from embedrank.model.config import DecoderConfig
from embedrank.model.decoder import Decoder
from embedrank.model.packing import Pack
from embedrank.model.projection import replace_projections
from embedrank.model.prompting import PromptPolicy
from embedrank.model.quantise.loading import load_quantised
from embedrank.model.quantise.scheme import Scheme
from embedrank.model.quantise.schemes import SCHEMES
from embedrank.model.weights import SHARD_INDEX, SINGLE, Weights
from tests.model.conftest import pico_decoder, pico_tokenizer

CPU = torch.device("cpu")
TEXTS = ["hello world", "no", "", "hello " * 120, "梵文 is a language"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A checkpoint in bfloat16, as the official ones are."""
    path = tmp_path / "bf16"
    save_embedder(path, pico_decoder(), pico_tokenizer(), prompts=PromptPolicy(), max_length=512)
    return path


def loaded(folder: Path, scheme: Scheme, *, dtype: torch.dtype = torch.float32) -> Decoder:
    config = DecoderConfig.from_json(folder / "config.json")
    return load_quantised(Weights(folder), config, scheme, dtype=dtype, device=CPU)


def in_shards(folder: Path) -> Path:
    """The same checkpoint, each tensor in a file of its own."""
    copy = Path(shutil.copytree(folder, folder.with_name("shards")))
    files = {}
    for number, (name, tensor) in enumerate(load_file(copy / SINGLE).items()):
        files[name] = f"part-{number}.safetensors"
        save_file({name: tensor.contiguous()}, copy / files[name])
    (copy / SHARD_INDEX).write_text(json.dumps({"weight_map": files}))
    (copy / SINGLE).unlink()
    return copy


def assert_streamed_equals_whole(folder: Path, scheme: Scheme, dtype: torch.dtype) -> None:
    pack = Pack.of([[1, 2, 3], [4], list(range(100))])
    whole = pico_decoder().to(torch.bfloat16).to(dtype)
    replace_projections(whole, scheme.for_decoder(dtype))
    streamed = loaded(folder, scheme, dtype=dtype)
    assert streamed.dtype is dtype
    with torch.inference_mode():
        assert torch.equal(streamed(pack), whole(pack))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
def test_a_streamed_decoder_equals_one_quantised_in_memory(folder: Path, scheme: Scheme, dtype: torch.dtype) -> None:
    assert_streamed_equals_whole(folder, scheme, dtype)


def test_fp8_streams_too(folder: Path) -> None:
    assert_streamed_equals_whole(folder, SCHEMES["fp8"], torch.bfloat16)


def test_shards_load_like_one_file(folder: Path, scheme_name: str) -> None:
    one, many = (
        Embedder.load(str(path), device="cpu", dtype=scheme_name).encode_documents(TEXTS)
        for path in (folder, in_shards(folder))
    )
    assert np.array_equal(one, many)


def test_no_weight_is_read_through_a_map_that_stays(
    folder: Path, scheme: Scheme, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such a map would keep all that was read of a checkpoint in the process's memory."""
    own_maps = []
    read = Weights.tensor

    def spied(self: Weights, name: str, *, own_map: bool = False) -> torch.Tensor:
        own_maps.append(own_map)
        return read(self, name, own_map=own_map)

    monkeypatch.setattr(Weights, "tensor", spied)
    loaded(folder, scheme)
    assert own_maps == [True] * len(load_file(folder / SINGLE))


def test_after_loading_only_the_table_is_mapped(folder: Path, scheme: Scheme) -> None:
    maps = Path("/proc/self/maps")
    if not maps.exists():
        pytest.skip("the maps of a process are shown on Linux only")
    shards = in_shards(folder)
    decoder = loaded(shards, scheme)
    table = json.loads((shards / SHARD_INDEX).read_text())["weight_map"]["embed_tokens.weight"]
    held = {line.rsplit("/", 1)[1] for line in maps.read_text().splitlines() if str(shards) in line}
    assert held == {table}
    assert decoder.embed_tokens.weight.dtype is torch.bfloat16


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
@torch.inference_mode()
def test_the_type_of_the_work_is_not_that_of_the_table(folder: Path, scheme: Scheme, dtype: torch.dtype) -> None:
    decoder = loaded(folder, scheme, dtype=dtype)
    assert decoder.dtype is dtype
    assert decoder.embed_tokens.weight.dtype is torch.bfloat16
    hidden, (cosines, sines) = decoder.embed(torch.tensor([5, 6]), torch.tensor([0, 1]))
    assert {tensor.dtype for tensor in (hidden, cosines, sines, decoder(Pack.of([[1, 2]])))} == {dtype}


def test_a_tied_head_is_read_from_the_exact_table(reranker_folder: Path, tmp_path: Path, scheme_name: str) -> None:
    table = load_file(reranker_folder / SINGLE)["model.embed_tokens.weight"]
    untied = tmp_path / "untied"
    save_reranker(
        untied, pico_decoder(tie_word_embeddings=False), pico_tokenizer(), lm_head_VM=table, dtype=torch.float32
    )
    tied, apart = (
        Reranker.load(str(path), device="cpu", dtype=scheme_name).logits("hello", TEXTS)
        for path in (reranker_folder, untied)
    )
    assert np.array_equal(tied, apart)
    exact = Reranker.load(str(reranker_folder), device="cpu", dtype="fp32").logits("hello", TEXTS)
    assert np.corrcoef(exact, tied)[0, 1] > 0.9


def test_reranking_behind_a_shared_prefix_equals_whole_prompts(reranker_folder: Path, scheme_name: str) -> None:
    shared = Reranker.load(str(reranker_folder), device="cpu", dtype=scheme_name).judge("hello world?", TEXTS)
    whole = Reranker.load(str(reranker_folder), device="cpu", dtype=scheme_name, strict=True).judge(
        "hello world?", TEXTS
    )
    assert shared.shared_tokens > 40
    assert whole.shared_tokens == 0
    assert np.abs(shared.logits - whole.logits).max() < 5e-2


def test_a_text_gets_the_same_vector_alone_and_in_any_company(folder: Path, scheme_name: str) -> None:
    embedder = Embedder.load(str(folder), device="cpu", dtype=scheme_name)
    alone = np.concatenate([embedder.encode_documents([text]) for text in TEXTS])
    assert np.abs(embedder.encode_documents(TEXTS) - alone).max() < 5e-3


def test_a_quantised_decoder_serves_only_and_refuses_to_be_saved(folder: Path, scheme: Scheme) -> None:
    decoder = loaded(folder, scheme)
    assert not decoder.training
    assert not any(parameter.requires_grad for parameter in decoder.parameters())
    with pytest.raises(AssertionError, match="load_decoder"):
        decoder.state_dict()


def test_a_checkpoint_that_does_not_fit_is_refused_like_any_other(folder: Path, scheme_name: str) -> None:
    tensors = load_file(folder / SINGLE)
    save_file({**tensors, "layers.1.mlp.up_proj.weight": torch.ones(7, 7)}, folder / SINGLE)
    with pytest.raises(TensorShapeError, match=r"up_proj\.weight has shape \[7, 7\]"):
        Embedder.load(str(folder), device="cpu", dtype=scheme_name)
    del tensors["layers.2.self_attn.q_proj.weight"]
    save_file(tensors, folder / SINGLE)
    with pytest.raises(MissingTensorError, match="q_proj"):
        Embedder.load(str(folder), device="cpu", dtype=scheme_name)


def test_a_device_that_cannot_is_refused_before_anything_is_read(folder: Path, scheme_name: str) -> None:
    with pytest.raises(InvalidInputError, match=f"{scheme_name} runs on CPU, and the model is on meta"):
        Embedder.load(str(folder), device="meta", dtype=scheme_name)
