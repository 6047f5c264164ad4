"""On a GPU: every backend that runs there, graphs, fp8. Opt in with `-m gpu`."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from embedrank import Embedder, Reranker
from embedrank.model.attention_backends import BACKENDS
from embedrank.model.cuda_graphs import GraphConfig, GraphedDecoder
from embedrank.model.decoder import Decoder
from embedrank.model.packing import Pack
from embedrank.model.quantise.fp8 import HOPPER
from tests.model.conftest import pico_decoder

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device"),
]
LENGTHS = (1, 1, 2, 7, 9, 130, 400)
HEAD_DIM = 64
ROUNDING = {torch.bfloat16: 2e-2, torch.float32: 2e-3}  # TF32 and other orders of summing included
FAST = [name for name in BACKENDS if name != "plain"]


def _needs(name: str, dtype: torch.dtype) -> None:
    obstacle = BACKENDS[name].obstacle(device=torch.device("cuda"), dtype=dtype, head_dim=HEAD_DIM)
    if obstacle:
        pytest.skip(obstacle)


def _states(num_rows: int, heads: int, dtype: torch.dtype, *, seed: int) -> Tensor:
    generator = torch.Generator("cuda").manual_seed(seed)
    return torch.randn(num_rows, heads, HEAD_DIM, generator=generator, device="cuda", dtype=dtype)


def _decoder(name: str) -> Decoder:
    decoder = pico_decoder(head_dim=HEAD_DIM).to("cuda", torch.bfloat16)
    decoder.attention = BACKENDS[name]
    return decoder


@pytest.mark.parametrize("name", FAST)
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32])
@pytest.mark.parametrize("num_prefix", [0, 5, 200])
@pytest.mark.parametrize("last_only", [False, True])
@pytest.mark.parametrize(("is_causal", "num_heads"), [(True, 4), (False, 2)])
def test_attention_equals_the_plain_formula(
    name: str, dtype: torch.dtype, num_prefix: int, last_only: bool, is_causal: bool, num_heads: int
) -> None:
    _needs(name, dtype)
    num_tokens = sum(LENGTHS)
    queries = _states(len(LENGTHS) if last_only else num_tokens, num_heads, dtype, seed=0)
    keys, values = (_states(num_tokens, 2, dtype, seed=seed) for seed in (1, 2))
    prefix = (_states(num_prefix, 2, dtype, seed=3), _states(num_prefix, 2, dtype, seed=4)) if num_prefix else None
    with torch.no_grad():
        expected, found = (
            BACKENDS[one]
            .plan(LENGTHS, is_causal=is_causal, num_prefix=num_prefix, device="cuda")
            .attend(queries, keys, values, prefix=prefix, last_only=last_only)
            for one in ("plain", name)
        )
    assert (found - expected).abs().max() < ROUNDING[dtype]


@pytest.mark.parametrize("name", FAST)
def test_gradients_point_the_way_of_the_plain_formulas(name: str) -> None:
    _needs(name, torch.bfloat16)
    gradients = []
    for one in ("plain", name):
        decoder = _decoder(one)
        decoder.requires_grad_(True)
        decoder(Pack.of([[5], [7, 8, 9], list(range(140))], device="cuda")).float().sin().sum().backward()
        parts = [p.grad.float().flatten() for p in decoder.parameters() if p.grad is not None]
        gradients.append(torch.cat(parts))
    assert torch.cosine_similarity(*gradients, dim=0) > 0.999


@pytest.mark.parametrize("name", ["flash_varlen", "torch_varlen"])
def test_replayed_graphs_give_eager_states(name: str) -> None:
    _needs(name, torch.bfloat16)
    decoder = _decoder(name)
    graphed = GraphedDecoder(decoder, config=GraphConfig(max_graphs=2))
    sizes = [(40,), (3, 5, 30), (38,), (1,), (2, 2), (45,), (300, 20)]
    packs = [Pack.of([[n % 300] * length for n, length in enumerate(lengths)], device="cuda") for lengths in sizes]
    for pack in [*packs, *packs]:
        with torch.inference_mode():
            expected = decoder(pack)
        assert torch.cosine_similarity(graphed(pack).float(), expected.float()).min() > 0.9999
    assert graphed.counts.replayed == 2 * len(packs)
    assert graphed.counts.failed == 0


def test_the_gpu_gives_the_vectors_and_scores_of_the_cpu(
    embedder_folder: Path, reranker_folder: Path, texts: list[str]
) -> None:
    on_cpu, on_gpu = (Embedder.load(str(embedder_folder), device=d, dtype="fp32") for d in ("cpu", "cuda"))
    cosines = (on_cpu.encode_documents(texts) * on_gpu.encode_documents(texts)).sum(1)
    assert cosines.min() > 0.9999
    scores = [
        Reranker.load(str(reranker_folder), device=d, dtype="fp32").score("hello?", texts) for d in ("cpu", "cuda")
    ]
    assert abs(scores[0] - scores[1]).max() < 1e-2


@pytest.mark.skipif(
    torch.cuda.is_available() and torch.cuda.get_device_capability() < HOPPER, reason="fp8 needs Hopper or newer"
)
def test_fp8_vectors_stay_near(embedder_folder: Path, texts: list[str]) -> None:
    exact, rounded = (Embedder.load(str(embedder_folder), device="cuda", dtype=name) for name in ("bf16", "fp8"))
    assert (exact.encode_documents(texts) * rounded.encode_documents(texts)).sum(1).min() > 0.97
