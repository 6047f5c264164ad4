"""What 8-bit and 4-bit projections have in common: neighbours, zeros, damaged numbers, fused forms, refusals."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from embedrank.core.errors import InvalidInputError
from embedrank.model.packing import Pack
from embedrank.model.projection import Projection, replace_projections
from embedrank.model.quantise import byte_projection
from embedrank.model.quantise.byte_projection import byte_scheme, scaled_blocks
from embedrank.model.quantise.scheme import Scheme
from embedrank.model.quantise.token_rows import TokenQuantiser
from tests.model.conftest import pico_decoder


def projection_of(scheme: Scheme, weight: Tensor) -> Projection:
    return scheme.for_decoder(torch.float32)(weight)


@torch.inference_mode()
def test_neighbours_change_no_bit(scheme: Scheme) -> None:
    projection, states = projection_of(scheme, torch.randn(40, 64)), torch.randn(100, 64)
    together = projection(states)
    assert all(torch.equal(projection(states[row : row + 1]), together[row : row + 1]) for row in range(100))


@torch.inference_mode()
def test_rows_of_zeros_give_zeros(scheme: Scheme) -> None:
    states = torch.randn(3, 64)
    states[1] = 0
    assert not projection_of(scheme, torch.randn(40, 64))(states)[1].any()


@torch.inference_mode()
def test_an_output_of_zeros_gives_zeros(scheme: Scheme) -> None:
    weight = torch.randn(40, 64)
    weight[7] = 0
    product = projection_of(scheme, weight)(torch.randn(3, 64))
    assert not product[:, 7].any()
    assert product.isfinite().all()


@torch.inference_mode()
def test_numbers_that_are_not_finite_show_in_the_result(scheme: Scheme) -> None:
    states = torch.randn(3, 64)
    states[1, 5] = float("inf")
    states[2, 5] = float("nan")
    product = projection_of(scheme, torch.randn(40, 64))(states)
    assert product[0].isfinite().all()
    assert not product[1].isfinite().any()
    assert not product[2].isfinite().any()


@pytest.mark.parametrize("bad", [float("inf"), float("-inf"), float("nan")])
def test_a_damaged_weight_is_refused(scheme: Scheme, bad: float) -> None:
    weight = torch.randn(4, 8)
    weight[2, 2] = bad
    with pytest.raises(InvalidInputError, match="not finite"):
        projection_of(scheme, weight)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
@torch.inference_mode()
def test_every_form_equals_the_plain_product_followed_by_its_step(scheme: Scheme, dtype: torch.dtype) -> None:
    projection = projection_of(scheme, torch.randn(24, 40))
    states, other = torch.randn(5, 40).to(dtype), torch.randn(5, 24).to(dtype)
    product = projection(states)
    assert product.dtype is dtype
    assert torch.equal(projection.silu(states), functional.silu(product))
    assert torch.equal(projection.times(states, other), product * other)
    assert torch.equal(projection.plus(states, other), product + other)


@torch.inference_mode()
def test_a_weight_cut_into_blocks_is_quantised_like_a_whole_one(
    scheme: Scheme, monkeypatch: pytest.MonkeyPatch
) -> None:
    weight, states = torch.randn(40, 64), torch.randn(3, 64)
    whole = projection_of(scheme, weight)(states)
    monkeypatch.setattr(byte_projection, "_BLOCK_NUMBERS", 3 * 64)
    assert len(list(scaled_blocks(weight, largest=127))) == 14
    assert torch.equal(projection_of(scheme, weight)(states), whole)


@torch.inference_mode()
def test_a_quantised_decoder_stays_near_the_exact_one(scheme_name: str, scheme: Scheme) -> None:
    pack = Pack.of([[1, 2, 3], [4], [5] * 50, list(range(100))])
    decoder = pico_decoder()
    exact = decoder(pack)
    replace_projections(decoder, scheme.for_decoder(torch.float32))
    least = {"int8": 0.98, "int4": 0.9}[scheme_name]
    assert least < functional.cosine_similarity(decoder(pack), exact).min() < 0.99999


def test_other_devices_are_refused(scheme_name: str, scheme: Scheme) -> None:
    with pytest.raises(InvalidInputError, match=f"{scheme_name} runs on CPU, and the model is on meta"):
        scheme.check(torch.device("meta"))


class _Overflowing(byte_projection.ByteProjection):
    """Sums that saturate, as on processors without VNNI."""

    def __init__(self, weight_OI: Tensor, quantiser: TokenQuantiser) -> None:
        super().__init__(quantiser)

    def multiply(self, rows_TI: Tensor, dtype: torch.dtype) -> Tensor:
        return torch.full((len(rows_TI), 64), 32767.0)


class _Missing(_Overflowing):
    """An operator that this PyTorch was built without."""

    def multiply(self, rows_TI: Tensor, dtype: torch.dtype) -> Tensor:
        raise RuntimeError("no kernel\nand a long trace")


@pytest.mark.parametrize(
    ("kind", "said"), [(_Overflowing, "overflow on this processor"), (_Missing, "no products for int3: no kernel \\(")]
)
def test_processors_that_cannot_are_refused(kind: type[_Overflowing], said: str) -> None:
    with pytest.raises(InvalidInputError, match=said):
        byte_scheme("int3", kind).check(torch.device("cpu"))
