import pytest

from embedrank.search.advice import with_fusion
from embedrank.search.config import SearchConfig
from tests.search.fakes import BagEncoder


class Advising(BagEncoder):
    recommended_fusion = "minmax"
    recommended_dense_weight = 0.5


def decided(config, encoder):
    done = with_fusion(config, encoder)
    return done.fusion, done.dense_weight, done.lexical_weight


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (SearchConfig(), ("minmax", 0.5, 1.0)),
        (SearchConfig(fusion="minmax"), ("minmax", 0.5, 1.0)),
        (SearchConfig(fusion="rrf"), ("rrf", 1.0, 1.0)),
        (SearchConfig(dense_weight=2.0), ("minmax", 2.0, 1.0)),
        (SearchConfig(lexical_weight=0.0), ("minmax", 0.5, 0.0)),
    ],
)
def test_advice_fills_in_what_the_caller_leaves_open(config, expected):
    assert decided(config, Advising()) == expected


def test_without_advice_lists_weigh_the_same_by_rank():
    assert decided(SearchConfig(), BagEncoder()) == decided(SearchConfig(), None) == ("rrf", 1.0, 1.0)


def test_deciding_twice_changes_nothing():
    once = with_fusion(SearchConfig(), Advising())
    assert with_fusion(once, Advising()) == with_fusion(once, None) == once
