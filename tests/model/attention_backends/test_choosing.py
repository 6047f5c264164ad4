"""What is chosen where, and what is said where something cannot run."""

from __future__ import annotations

import re
from contextlib import nullcontext
from pathlib import Path

import pytest
import torch

from embedrank import Embedder, Reranker
from embedrank.core.errors import InvalidInputError
from embedrank.model.attention_backends import BACKENDS, PREFERRED, choose_attention, torch_varlen
from embedrank.model.native.source import KERNELS
from tests.model.attention_backends.fake_kernels import fake_flash_attn

CPU, CUDA, MPS = (torch.device(name) for name in ("cpu", "cuda", "mps"))
AMPERE, TURING, HOPPER = (8, 0), (7, 5), (9, 0)


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    _pretend(monkeypatch, AMPERE)


def _pretend(monkeypatch: pytest.MonkeyPatch, capability: tuple[int, int]) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device=None: capability)


def _chosen(name: str, device: torch.device = CUDA, dtype: torch.dtype = torch.bfloat16, head_dim: int = 128) -> str:
    return choose_attention(name, device=device, dtype=dtype, head_dim=head_dim).name


def test_every_backend_is_called_what_it_calls_itself() -> None:
    assert {name: backend.name for name, backend in BACKENDS.items()} == {name: name for name in BACKENDS}
    assert set(PREFERRED) <= set(BACKENDS)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_without_kernels_for_the_device_groups_are_chosen(dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _chosen("auto", MPS, dtype) == "grouped"
    monkeypatch.setattr(KERNELS, "obstacle", lambda: "needs GCC, which is not installed")
    assert _chosen("auto", CPU, dtype) == "grouped"
    with pytest.raises(InvalidInputError, match="needs GCC"):
        _chosen("native", CPU, dtype)


@pytest.mark.parametrize(
    ("has_amx", "dtype", "expected"),
    [
        (False, torch.float32, "native"),
        (False, torch.bfloat16, "native"),
        (True, torch.float32, "native"),
        (True, torch.bfloat16, "grouped"),
        (False, torch.float16, "grouped"),
    ],
)
def test_on_a_cpu_our_kernels_are_chosen_where_they_are_fast(
    has_amx: bool, dtype: torch.dtype, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(KERNELS, "obstacle", lambda: None)
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: has_amx)
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "AVX512")
    assert _chosen("auto", CPU, dtype) == expected
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "NO AVX")
    assert _chosen("auto", CPU, dtype) == "grouped"


@pytest.mark.parametrize(
    ("has_package", "dtype", "head_dim", "expected"),
    [
        (True, torch.bfloat16, 128, "flash_varlen"),
        (True, torch.float16, 64, "flash_varlen"),
        (False, torch.bfloat16, 128, "torch_varlen"),
        (True, torch.float32, 128, "grouped"),
        (True, torch.bfloat16, 20, "grouped"),
    ],
)
def test_on_a_gpu_the_best_that_can_run_is_chosen(
    gpu: None, has_package: bool, dtype: torch.dtype, head_dim: int, expected: str
) -> None:
    with fake_flash_attn() if has_package else nullcontext():
        assert _chosen("auto", CUDA, dtype, head_dim) == expected


def test_an_old_gpu_gets_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    _pretend(monkeypatch, TURING)
    with fake_flash_attn():
        assert _chosen("auto") == "grouped"
        with pytest.raises(InvalidInputError, match=r"Ampere.*7\.5"):
            _chosen("flash_varlen")


def test_pytorchs_own_is_left_alone_where_it_takes_other_arguments(gpu: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def varlen_attn(query, key, value, cu_seq_q, cu_seq_k, max_q, max_k, is_causal=False, return_aux=None):
        raise AssertionError("the form of torch 2.10 is not called")

    monkeypatch.setattr("torch.nn.attention.varlen.varlen_attn", varlen_attn)
    torch_varlen._function.cache_clear()
    try:
        assert _chosen("auto") == "grouped"
        with pytest.raises(InvalidInputError, match=re.escape(torch.__version__)):
            _chosen("torch_varlen")
    finally:
        torch_varlen._function.cache_clear()


@pytest.mark.parametrize(
    ("name", "device", "dtype", "said"),
    [
        ("flash_varlen", CPU, torch.bfloat16, "needs a CUDA device, and the model is on cpu"),
        ("torch_varlen", MPS, torch.bfloat16, "needs a CUDA device, and the model is on mps"),
        ("flex", MPS, torch.float32, "needs a CUDA device or a CPU, and the model is on mps"),
        ("flash_varlen", CUDA, torch.float32, "needs bf16 or fp16, and the model is in float32"),
        ("flash_varlen", CUDA, torch.bfloat16, r"flash-attn, which is not installed \(pip install embedrank\[gpu\]\)"),
        (
            "fast",
            CPU,
            torch.float32,
            "'fast' is not one of auto, flash_varlen, torch_varlen, native, flex, grouped, plain",
        ),
    ],
)
def test_the_error_says_why_and_what_can_run(
    gpu: None, name: str, device: torch.device, dtype: torch.dtype, said: str
) -> None:
    with pytest.raises(InvalidInputError, match=said) as caught:
        _chosen(name, device, dtype)
    assert name == "fast" or re.search("here: .*grouped, plain; or leave it at auto", str(caught.value))


@pytest.mark.parametrize("version", ["2.4.3", ""])
def test_a_flash_attn_that_is_too_old_is_not_used(gpu: None, version: str) -> None:
    with fake_flash_attn(version):
        assert _chosen("auto") == "torch_varlen"
        with pytest.raises(InvalidInputError, match=r"older than 2\.5"):
            _chosen("flash_varlen")


def test_a_flash_attn_without_the_function_is_not_used(gpu: None) -> None:
    with fake_flash_attn(flash_attn_varlen_func=None), pytest.raises(InvalidInputError, match="cannot be imported"):
        _chosen("flash_varlen")


def test_loading_hands_the_choice_to_the_decoder(embedder_folder: Path, reranker_folder: Path) -> None:
    grouped, plain = (Embedder.load(str(embedder_folder), attention=name) for name in ("grouped", "plain"))
    texts = ["hello world", "no"]
    assert abs(grouped.encode_documents(texts) - plain.encode_documents(texts)).max() < 1e-5
    by_name = [Reranker.load(str(reranker_folder), attention=name) for name in ("grouped", "plain")]
    assert [reranker._decoder.attention.name for reranker in by_name] == ["grouped", "plain"]
    assert grouped._decoder.attention.name == "grouped"
    with pytest.raises(InvalidInputError, match="attention"):
        Reranker.load(str(reranker_folder), attention="flash_varlen", device="cpu")
