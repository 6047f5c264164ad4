"""Every method against a slow literal form of its formula on whole vectors."""

import math

import pytest
import torch

from embedrank.core.errors import ConfigError, OppositeVectorsError
from embedrank.training.merge.config import MergeConfig
from embedrank.training.merge.methods import FACTORS
from embedrank.training.merge.methods.ties import threshold, ties
from embedrank.training.merge.methods.weighting import Weighting


def vectors(count, size=50, seed=0):
    return torch.randn(count, size, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def merged(method, vectors_NE, **weighting):
    factors = FACTORS[method](vectors_NE @ vectors_NE.T, Weighting(**weighting))
    return factors @ vectors_NE


def literal_slerp(first, second, t):
    angle = math.acos(float(first @ second / first.norm() / second.norm()))
    return (math.sin((1 - t) * angle) * first + math.sin(t * angle) * second) / math.sin(angle)


@pytest.mark.parametrize("t", [0.0, 0.1, 0.5, 0.9, 1.0])
def test_slerp_of_two_equals_the_formula(t):
    first, second = vectors(2)
    assert torch.allclose(merged("slerp", vectors(2), t=t), literal_slerp(first, second, t), atol=1e-12)


def test_slerp_of_more_is_folded_with_equal_shares():
    first, second, third = vectors(3)
    folded = literal_slerp(literal_slerp(first, second, 1 / 2), third, 1 / 3)
    assert torch.allclose(merged("slerp", vectors(3)), folded, atol=1e-12)


def test_slerp_keeps_unit_length_on_the_way():
    units = torch.nn.functional.normalize(vectors(2))
    assert all(merged("slerp", units, t=t).norm() == pytest.approx(1) for t in (0.2, 0.5, 0.7))


@pytest.mark.parametrize("method", list(FACTORS))
@pytest.mark.parametrize("tiny", [0.0, 1e-9, 1e-6])
def test_parallel_vectors_give_numbers_near_them(method, tiny):
    first, second = vectors(2)
    pair = torch.stack([first, first + tiny * second])
    share = 0.5 if method == "task-arithmetic" else 1.0  # it sums where others average
    assert torch.allclose(share * merged(method, pair), first, atol=1e-5)


@pytest.mark.parametrize("method", ["slerp", "karcher"])
def test_opposite_vectors_are_refused_but_ends_are_ends(method):
    first = vectors(1)[0]
    pair = torch.stack([first, -first])
    with pytest.raises(OppositeVectorsError, match="opposite"):
        merged(method, pair)
    if method == "slerp":
        assert torch.equal(merged("slerp", pair, t=1.0), -first)


@pytest.mark.parametrize("method", list(FACTORS))
def test_vectors_of_zeros_give_numbers(method):
    assert not merged(method, torch.zeros(3, 5, dtype=torch.float64)).any()
    assert merged(method, torch.stack([vectors(1)[0], torch.zeros(50, dtype=torch.float64)])).isfinite().all()


def test_karcher_of_two_is_slerp_half_way_and_knows_no_order():
    units = torch.nn.functional.normalize(vectors(2))
    assert torch.allclose(merged("karcher", units), merged("slerp", units, t=0.5), atol=1e-8)
    three = vectors(3)
    assert torch.allclose(merged("karcher", three), merged("karcher", three.flip(0)), atol=1e-8)


def test_directions_that_cancel_have_no_mean():
    thirds = [2 * math.pi * place / 3 for place in range(3)]
    star = torch.tensor([[math.cos(angle), math.sin(angle)] for angle in thirds], dtype=torch.float64)
    with pytest.raises(OppositeVectorsError, match="cancel"):
        merged("karcher", star)


def test_karcher_has_no_pull_left_where_it_ends():
    """The weighted sum of the parents' log maps at the mean is zero: the definition of the mean."""
    weights = (0.5, 0.2, 0.3)
    units = torch.nn.functional.normalize(vectors(3))
    mean = torch.nn.functional.normalize(merged("karcher", units, weights=weights), dim=0)
    pull = torch.zeros_like(mean)
    for weight, unit in zip(weights, units, strict=True):
        cosine = float(unit @ mean)
        pull += weight * math.acos(cosine) / math.sin(math.acos(cosine)) * (unit - cosine * mean)
    assert pull.norm() < 1e-8


def test_linear_and_task_arithmetic_weigh():
    first, second = vectors(2)
    assert torch.allclose(merged("linear", vectors(2), weights=(1.0, 3.0)), 0.25 * first + 0.75 * second)
    assert torch.allclose(merged("task-arithmetic", vectors(2), weights=(1.0, -3.0)), first - 3 * second)
    assert MergeConfig(method="task-arithmetic", base="b", weights=(1.0, -1.0)).weights == (1.0, -1.0)


def literal_ties(vectors_NE, density, shares):
    trimmed = []
    for vector in vectors_NE.tolist():
        smallest = sorted(map(abs, vector), reverse=True)[max(1, round(len(vector) * density)) - 1]
        trimmed.append([number if abs(number) >= smallest else 0.0 for number in vector])
    result = []
    for place in range(vectors_NE.shape[1]):
        column = [row[place] for row in trimmed]
        elected = sum(share * number for share, number in zip(shares, column, strict=True))
        pairs = zip(shares, column, strict=True)
        agreeing = [(share, number) for share, number in pairs if number * elected > 0]
        weight = sum(share for share, _ in agreeing)
        result.append(sum(share * number for share, number in agreeing) / weight if weight else 0.0)
    return torch.tensor(result, dtype=torch.float64)


@pytest.mark.parametrize("density", [0.01, 0.2, 0.5, 1.0])
@pytest.mark.parametrize("shares", [(1 / 3, 1 / 3, 1 / 3), (0.7, 0.2, 0.1)])
def test_ties_equals_its_three_steps(density, shares):
    sample = vectors(3).float().double()  # thresholds are exact for float32 numbers
    thresholds = torch.tensor([threshold(lambda row=row: row.split(7), 50, density) for row in sample])
    got = ties(sample, thresholds, torch.tensor(shares, dtype=torch.float64))
    assert torch.allclose(got, literal_ties(sample, density, shares), atol=1e-15)


@pytest.mark.parametrize("rank", [1, 2, 500, 999, 1000])
def test_the_threshold_is_the_number_at_its_rank(rank):
    numbers = vectors(1, 1000)[0].float() * torch.logspace(-20, 5, 1000)
    numbers[::7] = numbers[0]  # equal ones too
    expected = numbers.abs().sort(descending=True).values[rank - 1]
    assert threshold(lambda: numbers.split(33), 1000, rank / 1000) == float(expected)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"method": "mean"}, "method"),
        ({"t": 1.5}, "t"),
        ({"method": "linear", "t": 0.5}, "t"),
        ({"t": math.nan}, "t"),
        ({"t": "0.5"}, "t"),
        ({"weights": (1.0, 1.0)}, "weights"),
        ({"method": "linear", "weights": (math.nan, 1.0)}, "weights"),
        ({"method": "linear", "weights": 3}, "weights"),
        ({"method": "linear", "weights": (0.0, 0.0)}, "weights"),
        ({"method": "linear", "weights": (2.0, -1.0)}, "weights"),
        ({"method": "ties"}, "base"),
        ({"scale": 0.5}, "base"),
        ({"scale": math.inf, "base": "b"}, "scale"),
        ({"base": 3}, "base"),
        ({"method": "ties", "base": "b", "density": 0.0}, "density"),
    ],
)
def test_unsound_settings_are_refused(wrong, field):
    with pytest.raises(ConfigError, match=f"MergeConfig.{field} "):
        MergeConfig(**wrong)


def test_settings_have_to_fit_the_parents():
    for config, count in (
        (MergeConfig(), 1),
        (MergeConfig(t=0.3), 3),
        (MergeConfig(method="linear", weights=(1.0, 2.0)), 3),
    ):
        with pytest.raises(ConfigError):
            config.check_parents(count)
