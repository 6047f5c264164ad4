"""The vectorised loss against its formula, transcribed term by term in float64."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn.functional import normalize

from embedrank.core.errors import ConfigError
from embedrank.training.losses.embedded_batch import EmbeddedBatch
from embedrank.training.losses.info_nce import DD_MASKS, InfoNCEConfig, info_nce
from tests.training.losses.formulas import assert_equal, assert_parts_make_the_whole, batch_of, numbers

NUM_ROWS, NUM_HARD, DIM = 6, 2, 6
QUERY_IDS = [21, 22, 23, 24, 21, 26]
IDS = [1, 2, 3, 2, 5, 6]
HARD_IDS = [[11, 12], [13, 14], [1, 15], [16, 17], [5, 18], [3, 19]]
THERE = torch.tensor([[True, True], [True, False], [True, True], [False, False], [True, True], [True, True]])
make = partial(
    batch_of,
    num_rows=NUM_ROWS,
    num_hard=NUM_HARD,
    query_ids=QUERY_IDS,
    ids=IDS,
    hard_ids=HARD_IDS,
    there=THERE,
)


def literal(texts: Tensor, config: InfoNCEConfig) -> Tensor:
    """The formula as it stands in the module's docstring, one term at a time."""
    unit = normalize(texts, dim=-1)
    q, d = unit[:NUM_ROWS], unit[NUM_ROWS : 2 * NUM_ROWS]
    h = unit[2 * NUM_ROWS :].view(NUM_ROWS, NUM_HARD, DIM)
    total = torch.zeros((), dtype=torch.float64)
    for i in range(NUM_ROWS):
        own = q[i] @ d[i]
        limit = own.item() + (math.inf if config.margin is None else config.margin)

        def term(cosine: Tensor, judged: Tensor, limit: float = limit) -> Tensor:
            return torch.zeros(()).double() if judged.item() > limit else torch.exp(cosine / config.temperature)

        def same(j: int, i: int = i) -> bool:
            return ("document" in config.duplicates and IDS[j] == IDS[i]) or (
                "query" in config.duplicates and QUERY_IDS[j] == QUERY_IDS[i]
            )

        z = torch.exp(own / config.temperature)
        if "hard" in config.terms:
            for k in range(NUM_HARD):
                if THERE[i, k] and HARD_IDS[i][k] != IDS[i]:
                    z = z + term(q[i] @ h[i, k], q[i] @ h[i, k])
        others = [d[j] for j in range(NUM_ROWS) if j != i and not same(j)]
        if config.others_hard:
            for j in range(NUM_ROWS):
                for k in range(NUM_HARD):
                    if j != i and THERE[j, k] and HARD_IDS[j][k] != IDS[i]:
                        others.append(h[j, k])
        for document in others:
            if "qd" in config.terms:
                z = z + term(q[i] @ document, q[i] @ document)
            if "dd" in config.terms:
                judged = {"query": q[i] @ document, "self": d[i] @ document, "none": torch.tensor(-2.0)}
                z = z + term(d[i] @ document, judged[config.dd_mask])
        if "qq" in config.terms:
            for j in range(NUM_ROWS):
                if j != i and not same(j):
                    z = z + term(q[i] @ q[j], q[i] @ q[j])
        total = total - torch.log(torch.exp(own / config.temperature) / z)
    return total / NUM_ROWS


CONFIGS = [
    *[InfoNCEConfig(temperature=0.1, dd_mask=mask) for mask in DD_MASKS],
    InfoNCEConfig(temperature=0.1, others_hard=False),
    InfoNCEConfig(temperature=0.1, margin=None),
    InfoNCEConfig(temperature=0.05, margin=-0.1),
    *[InfoNCEConfig(temperature=0.1, terms=(term,)) for term in ("hard", "qq", "dd", "qd")],
    InfoNCEConfig(temperature=0.1, terms=("hard", "qd")),
    *[InfoNCEConfig(temperature=0.1, duplicates=kinds) for kinds in ((), ("document",), ("query",))],
]


def raw() -> Tensor:
    texts = numbers(NUM_ROWS * (2 + NUM_HARD), DIM)
    texts[NUM_ROWS : 2 * NUM_ROWS] += texts[:NUM_ROWS]
    return texts


@pytest.mark.parametrize("config", CONFIGS)
def test_value_and_gradient_equal_the_formula(config: InfoNCEConfig) -> None:
    assert_equal(lambda texts: info_nce(make(texts), config), lambda texts: literal(texts, config), raw())


@pytest.mark.parametrize("config", CONFIGS)
def test_two_processes_that_see_all_texts_make_the_whole(config: InfoNCEConfig) -> None:
    assert_parts_make_the_whole(partial(info_nce, config=config), make, NUM_ROWS)


def test_the_gradient_is_that_of_finite_differences() -> None:
    assert torch.autograd.gradcheck(
        lambda texts: info_nce(make(texts), InfoNCEConfig(temperature=0.5)), (raw().requires_grad_(),)
    )


def test_a_false_negative_beyond_the_margin_has_no_weight() -> None:
    q = normalize(torch.tensor([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]), dim=-1)
    d = normalize(torch.tensor([[0.5, 0.0, 1.0], [1.0, 0.2, 0.0]]), dim=-1)
    batch = EmbeddedBatch(queries_ND=q, positives_ND=d)
    masked = info_nce(batch, InfoNCEConfig(terms=("qd",), margin=0.1))
    kept = info_nce(batch, InfoNCEConfig(terms=("qd",), margin=None))
    assert kept > masked + 1


@pytest.mark.parametrize(
    "changes",
    [
        {"num_rows": 1},
        {"num_rows": 4, "ids": [7, 7, 7, 7]},
        {"num_rows": 4, "query_ids": [7, 7, 7, 7]},
        {"num_rows": 1, "num_hard": 3, "there": torch.zeros(1, 3, dtype=torch.bool)},
        {"num_rows": 1, "num_hard": 2, "ids": [7], "hard_ids": [[7, 7]]},
    ],
)
def test_rows_with_nothing_against_them_cost_nothing_and_pull_nowhere(changes: dict[str, Any]) -> None:
    shape = {"num_hard": 0, **changes}
    texts = numbers(shape["num_rows"] * (2 + shape["num_hard"]), DIM).requires_grad_()
    loss = info_nce(batch_of(texts, **shape), InfoNCEConfig())
    loss.backward()
    assert loss.item() == 0
    assert not texts.grad.any()


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("sign", [1, -1])
def test_extreme_cosines_at_a_small_temperature_stay_finite(sign: int, dtype: torch.dtype) -> None:
    same = torch.ones(4, 8).to(dtype).requires_grad_()
    unit = normalize(same, dim=-1)
    batch = EmbeddedBatch(queries_ND=unit, positives_ND=sign * unit, negatives_NKD=-sign * unit[:, None])
    loss = info_nce(batch, InfoNCEConfig(temperature=0.01, margin=None))
    loss.backward()
    assert torch.isfinite(loss) and torch.isfinite(same.grad).all()


def test_bf16_vectors_give_nearly_the_loss_of_float32() -> None:
    texts, config = raw().float(), InfoNCEConfig(temperature=0.1, margin=None)
    batch = make(texts)
    rounded = replace(
        batch,
        queries_ND=batch.queries_ND.bfloat16(),
        positives_ND=batch.positives_ND.bfloat16(),
        negatives_NKD=batch.negatives_NKD.bfloat16(),
    )
    assert info_nce(rounded, config).float() == pytest.approx(info_nce(batch, config).item(), rel=0.02)


@pytest.mark.parametrize(
    "wrong", [{"temperature": 0.0}, {"terms": ("qx",)}, {"terms": ()}, {"dd_mask": "both"}, {"duplicates": ("text",)}]
)
def test_unsound_settings_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        InfoNCEConfig(**wrong)
