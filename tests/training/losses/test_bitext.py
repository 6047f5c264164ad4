"""Both directions against their formula, transcribed."""

from __future__ import annotations

from functools import partial

import pytest
import torch
from torch import Tensor
from torch.nn.functional import normalize

from embedrank.core.errors import ConfigError
from embedrank.training.losses.bitext import BitextConfig, bitext
from tests.training.losses.formulas import assert_equal, assert_parts_make_the_whole, batch_of, numbers

NUM_ROWS, DIM = 6, 6
QUERY_IDS, IDS = [1, 2, 3, 4, 1, 6], [11, 12, 12, 14, 15, 16]
make = partial(batch_of, num_rows=NUM_ROWS, query_ids=QUERY_IDS, ids=IDS)


def literal(texts: Tensor, config: BitextConfig) -> Tensor:
    unit = normalize(texts, dim=-1)
    q, d = unit[:NUM_ROWS], unit[NUM_ROWS : 2 * NUM_ROWS]
    total = torch.zeros((), dtype=torch.float64)
    for a, b in ((q, d), (d, q)):
        for i in range(NUM_ROWS):
            own = a[i] @ b[i]
            z = torch.exp(own / config.temperature)
            for j in range(NUM_ROWS):
                same = QUERY_IDS[j] == QUERY_IDS[i] or IDS[j] == IDS[i]
                beats = config.margin is not None and (a[i] @ b[j]).item() > own.item() + config.margin
                if not same and not beats:
                    z = z + torch.exp(a[i] @ b[j] / config.temperature)
            total = total - torch.log(torch.exp(own / config.temperature) / z)
    return total / (2 * NUM_ROWS)


@pytest.mark.parametrize("config", [BitextConfig(temperature=0.1), BitextConfig(temperature=0.2, margin=None)])
def test_value_and_gradient_equal_the_formula(config: BitextConfig) -> None:
    texts = numbers(2 * NUM_ROWS, DIM)
    texts[NUM_ROWS:] += 0.5 * texts[:NUM_ROWS]
    assert_equal(lambda texts: bitext(make(texts, num_hard=0), config), lambda texts: literal(texts, config), texts)


def test_two_processes_make_the_whole() -> None:
    assert_parts_make_the_whole(partial(bitext, config=BitextConfig()), partial(make, num_hard=2), NUM_ROWS)


def test_swapping_the_sides_changes_nothing() -> None:
    texts = numbers(2 * NUM_ROWS, DIM)
    swapped = batch_of(texts.roll(NUM_ROWS, 0), num_rows=NUM_ROWS, num_hard=0, query_ids=IDS, ids=QUERY_IDS)
    torch.testing.assert_close(bitext(make(texts, num_hard=0), BitextConfig()), bitext(swapped, BitextConfig()))


def test_hard_negatives_stand_in_the_first_direction() -> None:
    texts, config = numbers(4, DIM), BitextConfig(temperature=0.5, margin=None)
    texts[3] = texts[0]
    plain = bitext(batch_of(texts[:2], num_rows=1, num_hard=0), config)
    hard = bitext(batch_of(texts[[0, 1, 3]], num_rows=1, num_hard=1), config)
    cosine = torch.cosine_similarity(texts[0], texts[1], dim=0)
    assert plain == 0
    torch.testing.assert_close(hard, torch.log1p(torch.exp((1 - cosine) / 0.5)) / 2)


def test_one_pair_costs_nothing_and_a_temperature_is_positive() -> None:
    assert bitext(batch_of(numbers(2, DIM), num_rows=1, num_hard=0), BitextConfig()) == 0
    with pytest.raises(ConfigError, match="temperature"):
        BitextConfig(temperature=0.0)
