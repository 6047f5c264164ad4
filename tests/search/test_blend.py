import pytest

from embedrank.core.errors import ConfigError
from embedrank.core.types import Scored
from embedrank.search.blend import BLENDS, blended, logit_blend, probability, probability_blend, rank_blend

CANDIDATES = [Scored(id="a", score=0.9), Scored(id="b", score=0.5), Scored(id="c", score=0.1)]
LOGITS = {"a": -4.0, "b": 0.0, "c": 4.0}


def test_logit_blend_by_hand():
    assert logit_blend([0.9, 0.5, 0.1], [-4.0, 2.0, 4.0], 0.25) == pytest.approx([0.75, 0.25 * 0.75 + 0.75 * 0.5, 0.25])


def test_probability_blend_by_hand():
    assert probability_blend([2.0, 1.0], [0.0, 0.0], 0.5) == pytest.approx([0.75, 0.25])


def test_rank_blend_gives_one_to_the_first_of_both():
    assert rank_blend([2.0, 1.0], [5.0, 4.0], 0.3) == pytest.approx([1.0, 61 / 62])


@pytest.mark.parametrize("method", BLENDS)
def test_weight_one_is_the_order_of_the_reranker(method):
    assert [row.id for row in blended(CANDIDATES, LOGITS, weight=1.0, method=method)] == ["c", "b", "a"]


@pytest.mark.parametrize("method", BLENDS)
def test_weight_zero_is_the_order_of_recall(method):
    assert [row.id for row in blended(CANDIDATES, LOGITS, weight=0.0, method=method)] == ["a", "b", "c"]


def test_weight_one_orders_logits_whose_probabilities_are_equal():
    rows = blended(CANDIDATES, {"a": 50.0, "b": 60.0, "c": 55.0}, weight=1.0, method="logit")
    assert [row.id for row in rows] == ["b", "c", "a"]
    assert rows[0].score == rows[1].score == 1.0


def test_unjudged_candidates_follow_in_the_order_of_recall():
    rows = blended(CANDIDATES, {"c": -9.0}, weight=1.0, method="logit")
    assert [row.id for row in rows] == ["c", "a", "b"]
    assert rows[0].score > rows[1].score > rows[2].score


def test_probability_does_not_overflow():
    assert probability(-1000.0) == 0.0
    assert probability(1000.0) == 1.0
    assert probability(0.0) == 0.5


def test_an_unknown_blend_is_refused():
    with pytest.raises(ConfigError, match="must be one of"):
        blended(CANDIDATES, LOGITS, weight=0.5, method="sum")
