"""The vectorised loss against its formula, transcribed term by term in float64."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor
from torch.nn.functional import normalize

from embedrank.core.errors import ConfigError
from embedrank.training.losses.info_nce import DD_MASKS, InfoNCEConfig, info_nce
from embedrank.training.losses.listwise import listwise
from embedrank.training.losses.matryoshka import matryoshka
from embedrank.training.losses.yes_no import yes_no_full_vocabulary, yes_no_two_tokens

NUM_ROWS, NUM_HARD, DIM = 5, 2, 6


def literal(
    q: Tensor, d: Tensor, h: Tensor, config: InfoNCEConfig, ids: list[int], hard_ids: list[list[int]], there: Tensor
) -> Tensor:
    """The formula as it stands in the module's docstring, one term at a time."""
    total = torch.zeros((), dtype=torch.float64)
    for i in range(NUM_ROWS):
        own = q[i] @ d[i]
        limit = own.item() + (math.inf if config.margin is None else config.margin)

        def term(cosine: Tensor, judged: Tensor, limit: float = limit) -> Tensor:
            return torch.zeros(()).double() if judged.item() > limit else torch.exp(cosine / config.temperature)

        z = torch.exp(own / config.temperature)
        if "hard" in config.terms:
            for k in range(NUM_HARD):
                if there[i, k] and hard_ids[i][k] != ids[i]:
                    z = z + term(q[i] @ h[i, k], q[i] @ h[i, k])
        others = [(d[j], ids[j]) for j in range(NUM_ROWS) if j != i]
        if config.others_hard:
            others += [
                (h[j, k], hard_ids[j][k]) for j in range(NUM_ROWS) if j != i for k in range(NUM_HARD) if there[j, k]
            ]
        for document, identity in others:
            if identity == ids[i]:
                continue
            if "qd" in config.terms:
                z = z + term(q[i] @ document, q[i] @ document)
            if "dd" in config.terms:
                judged = {"query": q[i] @ document, "self": d[i] @ document, "none": torch.tensor(-2.0)}
                z = z + term(d[i] @ document, judged[config.dd_mask])
        if "qq" in config.terms:
            for j in range(NUM_ROWS):
                if j != i and ids[j] != ids[i]:
                    z = z + term(q[i] @ q[j], q[i] @ q[j])
        total = total - torch.log(torch.exp(own / config.temperature) / z)
    return total / NUM_ROWS


CONFIGS = [
    *[InfoNCEConfig(temperature=0.1, dd_mask=mask) for mask in DD_MASKS],
    InfoNCEConfig(temperature=0.1, others_hard=False),
    InfoNCEConfig(temperature=0.1, margin=None),
    InfoNCEConfig(temperature=0.05, margin=-0.1),
    *[InfoNCEConfig(temperature=0.1, terms=(term,)) for term in ("hard", "qq", "dd", "qd")],
]


@pytest.mark.parametrize("config", CONFIGS)
def test_value_and_gradient_equal_the_formula(config: InfoNCEConfig) -> None:
    generator = torch.Generator().manual_seed(0)
    raw = torch.randn(NUM_ROWS * (2 + NUM_HARD), DIM, generator=generator, dtype=torch.float64)
    raw[NUM_ROWS : 2 * NUM_ROWS] += raw[:NUM_ROWS]
    ids = [1, 2, 3, 2, 5]
    hard_ids = [[11, 12], [13, 14], [1, 15], [16, 17], [5, 18]]
    there = torch.tensor([[True, True], [True, False], [True, True], [False, False], [True, True]])
    results = []
    for compute in ("ours", "formula"):
        leaf = raw.clone().requires_grad_()
        unit = normalize(leaf, dim=-1)
        q, d = unit[:NUM_ROWS], unit[NUM_ROWS : 2 * NUM_ROWS]
        h = unit[2 * NUM_ROWS :].view(NUM_ROWS, NUM_HARD, DIM)
        if compute == "ours":
            loss = info_nce(
                q,
                d,
                h,
                config=config,
                positive_ids_N=torch.tensor(ids),
                negative_ids_NK=torch.tensor(hard_ids),
                negative_mask_NK=there,
            )
        else:
            loss = literal(q, d, h, config, ids, hard_ids, there)
        loss.backward()
        results.append((loss.detach(), leaf.grad))
    assert torch.allclose(results[0][0], results[1][0], atol=1e-12)
    assert torch.allclose(results[0][1], results[1][1], atol=1e-12)


def test_a_false_negative_beyond_the_margin_has_no_weight() -> None:
    q = normalize(torch.tensor([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]), dim=-1)
    d = normalize(torch.tensor([[0.5, 0.0, 1.0], [1.0, 0.2, 0.0]]), dim=-1)
    masked = info_nce(q, d, config=InfoNCEConfig(terms=("qd",), margin=0.1))
    kept = info_nce(q, d, config=InfoNCEConfig(terms=("qd",), margin=None))
    assert kept > masked + 1


def test_a_row_with_nothing_against_it_costs_nothing() -> None:
    one = torch.tensor([[1.0, 0.0]])
    assert info_nce(one, one, config=InfoNCEConfig()) == 0


@pytest.mark.parametrize("wrong", [{"temperature": 0.0}, {"terms": ("qx",)}, {"dd_mask": "both"}])
def test_unsound_settings_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ConfigError):
        InfoNCEConfig(**wrong)  # type: ignore[arg-type]


def test_matryoshka_is_the_weighted_sum_over_renormalised_prefixes() -> None:
    torch.manual_seed(0)
    q, d = torch.randn(4, 8), torch.randn(4, 8)
    config = InfoNCEConfig(temperature=0.1)

    def loss(queries: Tensor, documents: Tensor) -> Tensor:
        return info_nce(queries, documents, config=config)

    expected = 0.25 * loss(normalize(q[:, :2], dim=-1), normalize(d[:, :2], dim=-1)) + 0.75 * loss(
        normalize(q, dim=-1), normalize(d, dim=-1)
    )
    assert torch.allclose(matryoshka(loss, (q, d), dims=(2, 8), weights=(0.25, 0.75)), expected)


def test_the_listwise_loss_is_the_log_share_of_the_first_of_each_list() -> None:
    logits = torch.tensor([1.0, 0.5, -1.0, 2.0, 0.3, 0.1])
    expected = -(logits[:3].log_softmax(0)[0] + logits[3:5].log_softmax(0)[0] + 0.0) / 3
    assert torch.allclose(listwise(logits, [3, 2, 1]), expected)


def test_both_forms_of_the_yes_no_loss_are_the_log_of_the_right_answer() -> None:
    logits = torch.randn(3, 10, generator=torch.Generator().manual_seed(0))
    labels = torch.tensor([1, 0, 1])
    full = -sum(logits[row].log_softmax(0)[7 if label else 4] for row, label in enumerate(labels)) / 3
    assert torch.allclose(yes_no_full_vocabulary(logits, labels, yes_id=7, no_id=4), full)
    pair = logits[:, [4, 7]]
    two = -sum(pair[row].log_softmax(0)[int(label)] for row, label in enumerate(labels)) / 3
    assert torch.allclose(yes_no_two_tokens(pair, labels), two)
