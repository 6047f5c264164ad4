"""The wrapper sums a loss over renormalised prefixes."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor
from torch.nn.functional import normalize

from embedrank.training.losses.embedded_batch import EmbeddedBatch
from embedrank.training.losses.info_nce import InfoNCEConfig, info_nce
from embedrank.training.losses.matryoshka import DIM_WEIGHTINGS, matryoshka
from tests.training.losses.formulas import assert_equal, numbers


def loss(queries: Tensor, documents: Tensor, nothing: None) -> Tensor:
    assert nothing is None
    return info_nce(EmbeddedBatch(queries_ND=queries, positives_ND=documents), InfoNCEConfig(temperature=0.1))


def test_it_is_the_weighted_sum_over_renormalised_prefixes() -> None:
    def expected(q: Tensor, d: Tensor) -> Tensor:
        short = loss(normalize(q[:, :2], dim=-1), normalize(d[:, :2], dim=-1), None)
        return 0.25 * short + 0.75 * loss(normalize(q, dim=-1), normalize(d, dim=-1), None)

    assert_equal(
        lambda q, d: matryoshka(loss, (q, d, None), dims=(2, 8), weights=(0.25, 0.75)),
        expected,
        numbers(4, 8),
        numbers(4, 8, seed=1),
    )


def test_dims_and_weights_must_pair_up() -> None:
    with pytest.raises(ValueError, match="zip"):
        matryoshka(loss, (torch.ones(2, 4), torch.ones(2, 4), None), dims=(2, 4), weights=(1.0,))


def test_weights_of_prefixes_are_equal_or_fall_with_the_root_of_their_length() -> None:
    assert DIM_WEIGHTINGS["equal"]((1024, 64)) == (0.5, 0.5)
    assert DIM_WEIGHTINGS["root"]((1024, 256, 64)) == pytest.approx((1 / 3, 1 / (3 * math.sqrt(4)), 1 / (3 * 4)))
