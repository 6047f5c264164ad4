"""Quantisers stand between vectors and any loss, behind the cut of a prefix."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn.functional import normalize

from embedrank.training.losses.embedded_batch import EmbeddedBatch
from embedrank.training.losses.info_nce import InfoNCEConfig, info_nce
from embedrank.training.losses.matryoshka import matryoshka
from embedrank.training.losses.quantisation_aware.quantised import FORMS, STRAIGHT_THROUGH, quantised
from tests.training.losses.formulas import assert_equal, numbers


def loss(queries: Tensor, documents: Tensor, nothing: None) -> Tensor:
    assert nothing is None
    return info_nce(EmbeddedBatch(queries_ND=queries, positives_ND=documents), InfoNCEConfig(temperature=0.2))


@pytest.mark.parametrize("form", STRAIGHT_THROUGH)
def test_matryoshka_of_a_quantised_loss_cuts_normalises_quantises_normalises(form: str) -> None:
    quantise = STRAIGHT_THROUGH[form]

    def seen(vectors: Tensor, dim: int) -> Tensor:
        return normalize(quantise(normalize(vectors[:, :dim], dim=-1)), dim=-1)

    assert_equal(
        lambda q, d: matryoshka(quantised(loss, quantise), (q, d, None), dims=(4, 8), weights=(0.5, 0.5)),
        lambda q, d: sum(0.5 * loss(seen(q, dim), seen(d, dim), None) for dim in (4, 8)),
        numbers(5, 8),
        numbers(5, 8, seed=1),
    )


def test_training_through_a_quantiser_makes_its_vectors_better() -> None:
    torch.manual_seed(0)
    q, d = (torch.randn(24, 16, requires_grad=True) for _ in range(2))
    optimizer = torch.optim.Adam([q, d], lr=0.05)
    found = []
    for _ in range(40):
        value = matryoshka(quantised(loss, STRAIGHT_THROUGH["binary"]), (q, d, None), dims=(16,), weights=(1.0,))
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
        found.append(value.item())
    assert found[-1] < 0.5 * found[0]


def test_every_form_has_a_name() -> None:
    assert FORMS == ("none", "int8", "binary", "lsq")
