"""8-bit products against exact ones in float64, and in whole models."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from embedrank import Embedder, Reranker
from embedrank.model.quantise.int8 import Int8Projection
from embedrank.model.quantise.token_rows import TokenQuantiser
from tests.model.conftest import skip_unless_computable

TEXTS = [
    "importance of life",
    "importing petroleum",
    "中国的首都是北京。",
    "def add(a, b):\n    return a + b",
    "The capital of China is Beijing. " * 40,
    "",
]


@pytest.fixture(autouse=True)
def computable() -> None:
    skip_unless_computable("int8")


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


def test_bundled_embedder_keeps_its_vectors() -> None:
    exact = Embedder.load("nano", dtype="fp32", device="cpu").encode_documents(TEXTS)
    embedder = Embedder.load("nano", dtype="int8", device="cpu")
    assert embedder.precision.startswith("int8 in ")  # the name by which caches tell vectors apart
    assert (exact * embedder.encode_documents(TEXTS)).sum(1).min() >= 0.99


def test_bundled_reranker_keeps_its_scores() -> None:
    exact = Reranker.load("nano", dtype="fp32", device="cpu").score("capital of China", TEXTS)
    quantised = Reranker.load("nano", dtype="int8", device="cpu").score("capital of China", TEXTS)
    assert np.abs(exact - quantised).max() <= 0.05
