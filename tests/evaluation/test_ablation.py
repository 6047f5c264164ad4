"""The ablation's numbers against the same ones computed plainly."""

import numpy as np
import pytest

from embedrank.core.errors import InvalidInputError
from embedrank.evaluation.ablation import ablation, difference_over_sets
from embedrank.evaluation.compare import bootstrap_difference, randomisation_test

generator = np.random.default_rng(0)
BASE = {
    name: {f"q{n}": float(generator.uniform()) for n in range(size)} for name, size in (("a", 40), ("b", 9), ("c", 25))
}
WORSE = {name: {query: value - 0.2 for query, value in values.items()} for name, values in BASE.items()}
OTHER = {name: {query: float(generator.uniform()) for query in values} for name, values in BASE.items()}
TYPES = {"a": "retrieval", "b": "code", "c": "retrieval"}


def mean(values):
    return float(np.mean(list(values)))


def test_cells_are_means_of_set_means():
    rows = ablation({"final": BASE, "other": OTHER}, TYPES, baseline="final")
    for row, figures in zip(rows, (BASE, OTHER), strict=True):
        means = {name: mean(values.values()) for name, values in figures.items()}
        assert row.sets == pytest.approx(means)
        assert row.cells["retrieval"].value == pytest.approx((means["a"] + means["c"]) / 2)
        assert row.cells["code"].value == pytest.approx(means["b"])
        assert row.cells["mean"].value == pytest.approx(mean(means.values()))
    assert list(rows[0].cells) == ["retrieval", "code", "mean"]
    assert all(cell.difference is None and cell.mark == "" for cell in rows[0].cells.values())


def test_of_one_set_the_interval_and_the_test_are_those_of_the_comparison():
    first, second = {"a": BASE["a"]}, {"a": OTHER["a"]}
    assert difference_over_sets(first, second) == bootstrap_difference(BASE["a"], OTHER["a"])
    _, row = ablation({"final": first, "other": second}, {"a": "retrieval"}, baseline="final")
    assert list(row.cells) == ["retrieval", "mean"]
    assert row.cells["mean"].p_value == pytest.approx(randomisation_test(BASE["a"], OTHER["a"]), abs=1e-3)


def test_queries_are_drawn_within_sets():
    found = difference_over_sets(BASE, OTHER, num_trials=4000)
    draws = np.random.default_rng(1)
    plain = []
    for _ in range(4000):
        means = []
        for name in BASE:
            differences = np.array([OTHER[name][query] - BASE[name][query] for query in BASE[name]])
            means.append(draws.choice(differences, len(differences)).mean())
        plain.append(np.mean(means))
    assert found.mean == pytest.approx(mean(mean(OTHER[n].values()) - mean(BASE[n].values()) for n in BASE))
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(plain, [0.025, 0.975])), abs=0.01)


def test_marks_say_better_and_worse_where_both_tests_do():
    rows = ablation({"final": BASE, "worse": WORSE, "same": BASE}, TYPES, baseline="final")
    assert rows[1].cells["mean"].mark == "-" and rows[1].cells["mean"].difference.mean == pytest.approx(-0.2)
    better = ablation({"worse": WORSE, "final": BASE}, TYPES, baseline="worse")[1]
    assert better.cells["mean"].mark == "+"
    assert rows[2].cells["mean"].mark == ""


def test_other_queries_or_sets_are_refused():
    for other in ({**BASE, "b": {"q0": 1.0}}, {"a": BASE["a"]}):
        with pytest.raises(InvalidInputError, match="same queries"):
            difference_over_sets(BASE, other)
