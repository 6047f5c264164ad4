"""4-bit weights: unpacking, steps, products against exact ones in float64, and whole models."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from embedrank import Embedder
from embedrank.model.quantise.int4 import GROUP, Int4Projection, nearest
from embedrank.model.quantise.token_rows import TokenQuantiser, to_token_rows
from tests.model.conftest import skip_unless_computable

TEXTS = ["importance of life", "中国的首都是北京。", "def add(a, b):\n    return a + b", "The capital. " * 40, ""]


@pytest.fixture(autouse=True)
def computable() -> None:
    skip_unless_computable("int4")


def random_weight(outputs: int, inputs: int) -> Tensor:
    return torch.randn(outputs, inputs, generator=torch.Generator().manual_seed(outputs))


def literal(weight: Tensor) -> Tensor:
    """The weight that 4 bits stand for, group by group and step by step in float64."""
    found = torch.zeros(weight.shape, dtype=torch.float64)
    for output, numbers in enumerate(weight.float()):
        scale = numbers.abs().max() / 120
        for start in range(0, len(numbers), GROUP):
            group = numbers[start : start + GROUP] / scale
            most = group[group.abs().argmax()]
            reach = most.abs() / 8
            tried = []
            for step in (reach.ceil(), reach.floor()):
                step = step.clamp(1, 15) * (-1 if most > 0 else 1)
                rounded = (group / step).round().clamp(-8, 7) * step
                tried.append((float((rounded - group).square().sum()), rounded))
            found[output, start : start + GROUP] = min(tried, key=lambda pair: pair[0])[1].double() * scale.double()
    return found


@pytest.mark.parametrize(("outputs", "inputs"), [(5, 64), (3, 48), (4, 33), (2, 7)])
def test_a_weight_unpacks_to_the_numbers_that_the_formula_gives(outputs: int, inputs: int) -> None:
    weight = random_weight(outputs, inputs)
    projection = Int4Projection(weight, TokenQuantiser())
    scale = weight.abs().amax(1, keepdim=True) / 120
    unpacked = projection.unpacked().T
    assert unpacked.shape == weight.shape
    assert torch.allclose(unpacked.double() * scale, literal(weight), rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize(("rows", "inputs", "outputs"), [(1, 48, 80), (7, 33, 5), (300, 256, 96)])
@torch.inference_mode()
def test_products_are_those_of_the_unpacked_weight_and_the_rounded_rows(rows: int, inputs: int, outputs: int) -> None:
    weight, states = random_weight(outputs, inputs), torch.randn(rows, inputs)
    projection = Int4Projection(weight, TokenQuantiser())
    numbers, by_token = to_token_rows(states)
    by_output = weight.abs().amax(1) / 120
    sums = (numbers.double() - 128) @ projection.unpacked().double()
    assert torch.allclose(projection(states).double(), sums * by_token * by_output, rtol=1e-5)


@torch.inference_mode()
def test_products_stay_near_the_exact_ones() -> None:
    weight, states = random_weight(96, 256), torch.randn(50, 256)
    exact = states @ weight.T
    assert (Int4Projection(weight, TokenQuantiser())(states) - exact).norm() < 0.1 * exact.norm()


def test_the_better_of_two_steps_is_taken_and_each_is_taken_somewhere() -> None:
    scaled = torch.randn(200, 4, GROUP, generator=torch.Generator().manual_seed(0)) * 40
    scaled = scaled.clamp(-120, 120)
    numbers, steps = nearest(scaled)
    most = scaled.abs().amax(2, keepdim=True) / 8
    assert numbers.amin() == -8
    assert numbers.amax() == 7
    assert ((steps.abs() == most.ceil()) | (steps.abs() == most.floor())).all()
    assert (steps.abs() > most).any()
    assert (steps.abs() < most).any()


def test_the_largest_magnitude_is_kept_on_either_side() -> None:
    group = torch.zeros(2, 1, GROUP)
    group[0, 0, 3], group[1, 0, 3] = 120, -120
    numbers, steps = nearest(group)
    assert (numbers * steps)[:, 0, 3].tolist() == [120, -120]


def test_a_weight_takes_little_more_than_half_a_byte_a_number() -> None:
    projection = Int4Projection(random_weight(64, 1024), TokenQuantiser())
    held = sum(value.nbytes for value in vars(projection).values() if isinstance(value, Tensor))
    assert held == 64 * (1024 / 2 + 1024 / GROUP + 4)


def test_bundled_embedder_keeps_its_vectors() -> None:
    exact = Embedder.load("nano", dtype="fp32", device="cpu").encode_documents(TEXTS)
    quantised = Embedder.load("nano", dtype="int4", device="cpu").encode_documents(TEXTS)
    assert (exact * quantised).sum(1).min() >= 0.97
