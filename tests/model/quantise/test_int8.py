"""8-bit products against exact ones in float64, beside any neighbours, and in whole models."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from embedrank import Embedder, Reranker
from embedrank.core.errors import InvalidInputError
from embedrank.model.packing import Pack
from embedrank.model.quantise.int8 import Int8Projection, TokenQuantiser, check_int8, quantise_int8, to_int8_rows
from tests.model.conftest import pico_decoder

TEXTS = [
    "importance of life",
    "importing petroleum",
    "中国的首都是北京。",
    "def add(a, b):\n    return a + b",
    "The capital of China is Beijing. " * 40,
    "",
]


def _runs_here() -> bool:
    try:
        check_int8(torch.device("cpu"))
    except InvalidInputError:
        return False
    return True


pytestmark = pytest.mark.skipif(not _runs_here(), reason="this processor or PyTorch has no exact 8-bit products")


def literal(weight: torch.Tensor, states: torch.Tensor) -> torch.Tensor:
    """The formula, number by number in float64: round(x / s_x) @ round(w / s_w) * s_x * s_w."""
    weight, states = weight.double(), states.double()
    by_output = weight.abs().amax(1, keepdim=True).clamp(min=1e-12) / 127
    by_token = states.abs().amax(1, keepdim=True).clamp(min=1e-12) / 127
    return ((states / by_token + 0.5).floor() @ (weight / by_output).round().T) * by_token * by_output.T


@pytest.mark.parametrize(("rows", "inputs", "outputs"), [(1, 48, 80), (7, 33, 5), (300, 256, 96)])
@torch.inference_mode()
def test_products_equal_the_formula(rows: int, inputs: int, outputs: int) -> None:
    generator = torch.Generator().manual_seed(rows)
    weight, states = torch.randn(outputs, inputs, generator=generator), torch.randn(rows, inputs, generator=generator)
    product = Int8Projection(weight, TokenQuantiser())(states)
    expected = literal(weight, states)
    # A number on the edge between two steps may fall either way in float32: one step in one of the inputs.
    step = (weight.abs().amax() * states.abs().amax() / 127).item()
    assert (product.double() - expected).abs().max() <= 2.01 * step
    assert (product.double() - expected).abs().median() <= 1e-5 * expected.abs().max()


@torch.inference_mode()
def test_neighbours_change_no_bit() -> None:
    projection, states = Int8Projection(torch.randn(40, 64), TokenQuantiser()), torch.randn(100, 64)
    together = projection(states)
    assert all(torch.equal(projection(states[row : row + 1]), together[row : row + 1]) for row in range(100))


@torch.inference_mode()
def test_rows_of_zeros_give_zeros() -> None:
    states = torch.randn(3, 64)
    states[1] = 0
    assert not Int8Projection(torch.randn(40, 64), TokenQuantiser())(states)[1].any()


@torch.inference_mode()
def test_numbers_that_are_not_finite_show_in_the_result() -> None:
    states = torch.randn(3, 64)
    states[1, 5] = float("inf")
    states[2, 5] = float("nan")
    product = Int8Projection(torch.randn(40, 64), TokenQuantiser())(states)
    assert product[0].isfinite().all()
    assert not product[1].isfinite().any()
    assert not product[2].isfinite().any()


@pytest.mark.parametrize("bad", [float("inf"), float("nan")])
def test_a_damaged_weight_is_refused(bad: float) -> None:
    weight = torch.randn(4, 8)
    weight[2, 2] = bad
    with pytest.raises(InvalidInputError, match="not finite"):
        Int8Projection(weight, TokenQuantiser())


def test_bytes_stay_within_their_range() -> None:
    rows, scale = to_int8_rows(torch.tensor([[3.0, -3.0, 0.0], [1e30, -1e30, 1.0]]))
    assert rows.tolist() == [[255, 1, 128], [255, 1, 128]]
    assert scale.flatten().tolist() == pytest.approx([3 / 127, 1e30 / 127])


@torch.inference_mode()
def test_the_same_activations_are_quantised_once() -> None:
    quantiser, states = TokenQuantiser(), torch.randn(5, 8)
    assert quantiser(states)[0] is quantiser(states)[0]
    assert quantiser(states)[0] is not quantiser(states.clone())[0]


@torch.inference_mode()
def test_a_quantised_decoder_stays_near_and_refuses_to_be_saved() -> None:
    pack = Pack.of([[1, 2, 3], [4], [5] * 50, list(range(100))])
    decoder = pico_decoder()
    exact = decoder(pack)
    quantise_int8(decoder)
    assert torch.nn.functional.cosine_similarity(decoder(pack), exact).min() > 0.98
    with pytest.raises(AssertionError, match="load_decoder"):
        decoder.state_dict()


def test_bundled_embedder_keeps_its_vectors() -> None:
    exact = Embedder.load("nano", dtype="fp32", device="cpu").encode_documents(TEXTS)
    embedder = Embedder.load("nano", dtype="int8", device="cpu")
    assert embedder.precision.startswith("int8 in ")  # the name by which caches tell vectors apart
    assert (exact * embedder.encode_documents(TEXTS)).sum(1).min() >= 0.99


def test_bundled_reranker_keeps_its_scores() -> None:
    exact = Reranker.load("nano", dtype="fp32", device="cpu").score("capital of China", TEXTS)
    quantised = Reranker.load("nano", dtype="int8", device="cpu").score("capital of China", TEXTS)
    assert np.abs(exact - quantised).max() <= 0.05


def test_other_devices_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="runs on CPU"):
        check_int8(torch.device("meta"))
