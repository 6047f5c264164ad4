"""e4m3 products on CPU, which PyTorch computes too: near the exact ones, by token and by channel."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from embedrank import Embedder, Reranker
from embedrank.core.errors import InvalidInputError
from embedrank.model.packing import Pack
from embedrank.model.precision import choose_dtype
from embedrank.model.projection import replace_projections
from embedrank.model.quantise.fp8 import FORMAT, FP8, Fp8Linear, check_fp8, to_fp8
from tests.model.conftest import pico_decoder


def _random(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def test_each_row_is_scaled_to_the_range_of_the_format() -> None:
    rows = _random(4, 32) * torch.tensor([1e-4, 1.0, 1e4, 0.0])[:, None]
    numbers, scale = to_fp8(rows)
    assert numbers.dtype is FORMAT
    assert torch.allclose(numbers.float().abs().amax(1), torch.tensor([448.0, 448.0, 448.0, 0.0]))
    assert ((numbers.float() * scale - rows).abs() <= rows.abs() / 16 + scale * 2**-9).all()


def test_the_layer_multiplies_the_rounded_numbers_exactly() -> None:
    weight, states = _random(48, 32), _random(5, 32, seed=1)
    (w, w_scale), (s, s_scale) = to_fp8(weight), to_fp8(states)
    expected = (s.float() * s_scale) @ (w.float() * w_scale).T
    assert torch.allclose(Fp8Linear(weight, dtype=torch.float32)(states), expected, atol=1e-4, rtol=1e-4)


def test_the_layer_stays_near_the_exact_product_for_rows_of_any_size() -> None:
    weight, states = _random(64, 128), _random(3, 128, seed=1) * torch.tensor([1e-3, 1.0, 1e3])[:, None]
    exact = states @ weight.T
    found = Fp8Linear(weight, dtype=torch.float32)(states)
    assert ((found - exact).norm(dim=1) / exact.norm(dim=1)).max() < 0.06


def test_all_linear_layers_of_a_decoder_are_replaced_and_its_vectors_stay_near() -> None:
    decoder = pico_decoder()
    pack = Pack.of([list(range(9)), list(range(40))])
    with torch.inference_mode():
        exact = decoder(pack)
        replace_projections(decoder, FP8.for_decoder(torch.float32))
        found = decoder(pack)
    assert not any(isinstance(module, nn.Linear) for module in decoder.modules())
    assert sum(isinstance(module, Fp8Linear) for module in decoder.modules()) == 7 * 3
    assert decoder.embed_tokens.weight.dtype is torch.float32
    cosines = torch.cosine_similarity(exact, found)
    assert 0.98 < cosines.min() < 0.99999


def test_results_come_in_the_type_of_the_model() -> None:
    decoder = pico_decoder().to(torch.bfloat16)
    replace_projections(decoder, FP8.for_decoder(torch.bfloat16))
    with torch.inference_mode():
        assert decoder(Pack.of([[1, 2, 3]])).dtype is torch.bfloat16


def test_sizes_that_the_products_cannot_take_are_refused() -> None:
    with pytest.raises(InvalidInputError, match=r"multiples of 16, not \[40, 32\]"):
        Fp8Linear(torch.zeros(40, 32), dtype=torch.float32)


@pytest.mark.parametrize(("capability", "said"), [((8, 9), r"9\.0 \(Hopper\).*has 8\.9"), ((8, 0), "has 8.0")])
def test_cards_before_hopper_are_refused(
    monkeypatch: pytest.MonkeyPatch, capability: tuple[int, int], said: str
) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device=None: capability)
    with pytest.raises(InvalidInputError, match=said):
        check_fp8(torch.device("cuda"))


def test_hopper_is_taken_and_what_is_not_quantised_is_bf16(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device=None: (9, 0))
    check_fp8(torch.device("cuda"))
    assert choose_dtype("fp8", torch.device("cuda")) is torch.bfloat16


def test_without_a_gpu_fp8_is_refused_when_a_model_is_loaded(embedder_folder: Path, reranker_folder: Path) -> None:
    for load in (
        lambda: Embedder.load(str(embedder_folder), device="cpu", dtype="fp8"),
        lambda: Reranker.load(str(reranker_folder), device="cpu", dtype="fp8"),
    ):
        with pytest.raises(InvalidInputError, match="dtype: fp8 needs a CUDA device, and the model is on cpu"):
            load()
