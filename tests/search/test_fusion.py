import pytest

from embedrank.core.errors import ConfigError
from embedrank.core.types import Scored
from embedrank.search.fusion import FUSIONS, fusion, reciprocal_rank_fusion, weighted_fusion


def ranked(**scores):
    return [Scored(id=name, score=score) for name, score in scores.items()]


def as_dict(rows):
    return {row.id: pytest.approx(row.score) for row in rows}


def test_rrf_equals_the_sum_of_reciprocal_ranks():
    fused = reciprocal_rank_fusion([ranked(a=0.9, b=0.8), ranked(b=12.0, c=3.0)], [1.0, 1.0])
    assert [row.id for row in fused] == ["b", "a", "c"]
    assert as_dict(fused) == {"a": 1 / 61, "b": 1 / 62 + 1 / 61, "c": 1 / 62}


def test_rrf_weights_decide_between_lists():
    fused = reciprocal_rank_fusion([ranked(a=1.0), ranked(b=1.0)], [1.0, 2.0])
    assert [(row.id, row.score) for row in fused] == [("b", 2 / 61), ("a", 1 / 61)]


def test_rrf_breaks_ties_by_id():
    fused = reciprocal_rank_fusion([ranked(z=1.0, m=0.5), ranked(m=1.0, z=0.5)], [1.0, 1.0])
    assert [row.id for row in fused] == ["m", "z"]
    assert fused[0].score == fused[1].score


def test_minmax_fusion_by_hand():
    # list one: a 1, b .5, c 0; list two: c 1, a 0; weights 3 and 1
    fused = weighted_fusion([ranked(a=0.9, b=0.7, c=0.5), ranked(c=20.0, a=10.0)], [3.0, 1.0])
    assert [row.id for row in fused] == ["a", "b", "c"]
    assert as_dict(fused) == {"a": 0.75, "b": 0.375, "c": 0.25}


def test_zscore_fusion_gives_an_absent_id_the_lowest_of_that_list():
    # list one has mean 2 and deviation 1; list two has one row, so all there is 0
    fused = weighted_fusion([ranked(a=3.0, b=1.0), ranked(c=5.0)], [1.0, 1.0], normalise="zscore")
    assert as_dict(fused) == {"a": 0.5, "b": -0.5, "c": -0.5}
    assert [row.id for row in fused] == ["a", "b", "c"]


@pytest.mark.parametrize("name", FUSIONS)
def test_every_fusion_takes_empty_lists(name):
    assert fusion(name)([[], []], [1.0, 1.0]) == []
    assert [row.id for row in fusion(name)([[], ranked(a=1.0)], [1.0, 1.0])] == ["a"]


@pytest.mark.parametrize("name", FUSIONS)
def test_every_fusion_of_one_list_keeps_its_order(name):
    rows = ranked(a=3.0, b=2.0, c=-1.0)
    assert [row.id for row in fusion(name)([rows], [1.0])] == ["a", "b", "c"]


def test_an_unknown_fusion_is_refused():
    with pytest.raises(ConfigError, match="must be one of rrf"):
        fusion("sum")
