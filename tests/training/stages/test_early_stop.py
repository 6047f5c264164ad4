import pytest

from embedrank.training.stages.early_stop import Look, best_looks, should_stop


def looks(*values):
    return [Look(step=10 * place, value=value) for place, value in enumerate(values, start=1)]


@pytest.mark.parametrize(
    ("values", "stops"),
    [
        ((), False),
        ((0.5,), False),
        ((0.5, 0.4), False),
        ((0.5, 0.4, 0.5), True),
        ((0.5, 0.4, 0.6), False),
        ((0.5, 0.4, 0.6, 0.6, 0.6), True),
        ((0.1, 0.2, 0.3, 0.4), False),
    ],
)
def test_two_looks_without_a_gain_are_enough(values, stops):
    assert should_stop(looks(*values), patience=2, min_gain=0.0) is stops


def test_a_gain_too_small_to_count_is_none():
    rising = looks(0.50, 0.504, 0.508)
    assert should_stop(rising, patience=2, min_gain=0.01)
    assert not should_stop(rising, patience=2, min_gain=0.001)


def test_without_patience_nothing_stops():
    assert not should_stop(looks(*[0.0] * 50), patience=None, min_gain=0.0)


def test_of_equal_looks_the_earlier_is_better():
    assert [look.step for look in best_looks(looks(0.1, 0.3, 0.2, 0.3), 2)] == [20, 40]
    assert best_looks([], 3) == []
