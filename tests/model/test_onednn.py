"""Fused products against plain ones, and that neighbours change nothing."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional

from embedrank.model.onednn import (
    ROWS_BEFORE_PACKING,
    SHORT_CALL,
    SHORT_CALLS_BEFORE_PACKING,
    OneDnnProjection,
    has_onednn,
    use_onednn,
)
from embedrank.model.packing import Pack
from embedrank.model.projection import PlainProjection
from tests.model.conftest import pico_decoder

CPU = torch.device("cpu")
TOLERANCES = {torch.float32: 1e-5, torch.bfloat16: 3e-2}
pytestmark = pytest.mark.skipif(not has_onednn(CPU, torch.float32), reason="this PyTorch has no oneDNN")


@pytest.fixture(params=list(TOLERANCES), ids=str)
def dtype(request: pytest.FixtureRequest) -> torch.dtype:
    if not has_onednn(CPU, request.param):
        pytest.skip(f"this processor has no products in {request.param}")
    return request.param  # type: ignore[no-any-return]


def weight_of(dtype: torch.dtype, *, outputs: int = 24, inputs: int = 40) -> torch.Tensor:
    return torch.randn(outputs, inputs, generator=torch.Generator().manual_seed(0)).to(dtype)


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("rows", [1, 2, 7, 300])
@torch.inference_mode()
def test_every_form_equals_the_plain_one(dtype: torch.dtype, rows: int, packed: bool) -> None:
    weight = weight_of(dtype)
    projection, exact = OneDnnProjection(weight), weight.double()
    states, other = torch.randn(rows, 40).to(dtype), torch.randn(rows, 24).to(dtype)
    while packed and not projection.is_packed:
        projection(states[:1])
    product = states.double() @ exact.T
    expected = {
        "plain": (projection(states), product),
        "silu": (projection.silu(states), functional.silu(product)),
        "times": (projection.times(states, other), product * other.double()),
        "plus": (projection.plus(states, other), product + other.double()),
    }
    for name, (ours, reference) in expected.items():
        assert ours.shape == reference.shape, name
        scale = reference.abs().max()
        assert (ours.double() - reference).abs().max() <= TOLERANCES[dtype] * scale, name


@torch.inference_mode()
def test_a_weight_is_packed_after_a_few_short_calls_but_not_after_as_many_long_ones(dtype: torch.dtype) -> None:
    projection = OneDnnProjection(weight_of(dtype))
    for _ in range(2 * SHORT_CALLS_BEFORE_PACKING):
        projection(torch.zeros(SHORT_CALL + 1, 40, dtype=dtype))
    assert not projection.is_packed
    for _ in range(SHORT_CALLS_BEFORE_PACKING):
        projection(torch.zeros(SHORT_CALL, 40, dtype=dtype))
    assert not projection.is_packed
    projection(torch.zeros(SHORT_CALL, 40, dtype=dtype))
    assert projection.is_packed


@torch.inference_mode()
def test_a_weight_is_packed_after_many_rows_and_changes_no_bit(dtype: torch.dtype) -> None:
    projection = OneDnnProjection(weight_of(dtype))
    states = torch.randn(ROWS_BEFORE_PACKING // 2, 40).to(dtype)
    before = projection(states)
    assert torch.equal(projection(states), before) and not projection.is_packed
    assert torch.equal(projection(states), before) and projection.is_packed


@torch.inference_mode()
def test_a_decoder_computes_the_same_through_onednn() -> None:
    pack = Pack.of([[1, 2, 3], [4], [5] * 50, list(range(100))])
    decoder = pico_decoder()
    plain = decoder(pack)
    use_onednn(decoder)
    assert not any(isinstance(module, PlainProjection) for module in decoder.modules())
    np.testing.assert_allclose(decoder(pack), plain, rtol=1e-4, atol=1e-4)


def test_a_serving_decoder_refuses_to_be_saved() -> None:
    decoder = pico_decoder()
    use_onednn(decoder)
    with pytest.raises(AssertionError, match="load_decoder"):
        decoder.state_dict()


@pytest.mark.parametrize("device", ["cuda", "mps"])
def test_other_devices_and_types_stay_plain(device: str) -> None:
    assert not has_onednn(torch.device(device), torch.float32)
    assert not has_onednn(CPU, torch.float16)
