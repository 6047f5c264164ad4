"""Supervised contrast against its formula, transcribed."""

from __future__ import annotations

from functools import partial

import pytest
import torch
from torch import Tensor
from torch.nn.functional import normalize

from embedrank.core.errors import ConfigError
from embedrank.training.losses.clustering import ClusteringConfig, clustering
from tests.training.losses.formulas import assert_equal, assert_parts_make_the_whole, batch_of, numbers

NUM_ROWS, NUM_HARD, DIM = 6, 2, 6
QUERY_IDS = [31, 32, 33, 31, 35, 36]
CLUSTERS, HARD_IDS = [1, 2, 1, 1, 2, 3], [[2, 3], [1, 3], [2, 1], [3, 2], [1, 1], [1, 2]]
THERE = torch.tensor([[True, True], [True, False], [True, True], [False, False], [True, True], [True, True]])
CONFIG = ClusteringConfig(temperature=0.2)
make = partial(
    batch_of,
    num_rows=NUM_ROWS,
    num_hard=NUM_HARD,
    query_ids=QUERY_IDS,
    ids=CLUSTERS,
    hard_ids=HARD_IDS,
    there=THERE,
)


def literal(texts: Tensor) -> Tensor:
    unit = normalize(texts, dim=-1)
    q, d, h = unit[:NUM_ROWS], unit[NUM_ROWS : 2 * NUM_ROWS], unit[2 * NUM_ROWS :].view(NUM_ROWS, NUM_HARD, DIM)
    total = torch.zeros((), dtype=torch.float64)
    for i in range(NUM_ROWS):
        texts_and_clusters = [(d[j], CLUSTERS[j]) for j in range(NUM_ROWS)]
        texts_and_clusters += [(q[j], CLUSTERS[j]) for j in range(NUM_ROWS) if QUERY_IDS[j] != QUERY_IDS[i]]
        for k in range(NUM_HARD):
            if THERE[i, k] and HARD_IDS[i][k] != CLUSTERS[i]:
                texts_and_clusters.append((h[i, k], -1))
        z = sum(torch.exp(q[i] @ text / CONFIG.temperature) for text, _ in texts_and_clusters)
        positives = [text for text, cluster in texts_and_clusters if cluster == CLUSTERS[i]]
        logs = [torch.log(torch.exp(q[i] @ text / CONFIG.temperature) / z) for text in positives]
        total = total - sum(logs) / len(positives)
    return total / NUM_ROWS


def test_value_and_gradient_equal_the_formula() -> None:
    assert_equal(lambda texts: clustering(make(texts), CONFIG), literal, numbers(NUM_ROWS * 4, DIM))


def test_two_processes_make_the_whole() -> None:
    assert_parts_make_the_whole(partial(clustering, config=CONFIG), make, NUM_ROWS)


def test_without_identities_only_the_own_positive_pulls() -> None:
    texts = numbers(8, DIM)
    alone = batch_of(texts, num_rows=4, num_hard=0)
    apart = batch_of(texts, num_rows=4, num_hard=0, ids=[1, 2, 3, 4])
    assert clustering(alone, CONFIG) == clustering(apart, CONFIG)


def test_one_row_alone_costs_nothing() -> None:
    assert clustering(batch_of(numbers(2, DIM), num_rows=1, num_hard=0), CONFIG) == 0


def test_a_batch_of_one_cluster_is_pulled_together_evenly() -> None:
    same = torch.ones(6, DIM, dtype=torch.float64).requires_grad_()
    loss = clustering(batch_of(same, num_rows=3, num_hard=0, ids=[1, 1, 1]), ClusteringConfig(temperature=0.01))
    loss.backward()
    assert loss.item() == pytest.approx(torch.log(torch.tensor(5.0)).item())  # three positives, two other queries
    assert torch.isfinite(same.grad).all()


def test_a_temperature_must_be_positive() -> None:
    with pytest.raises(ConfigError, match="temperature"):
        ClusteringConfig(temperature=0.0)
