import pytest

from embedrank.core.errors import ConfigError
from embedrank.search.config import SearchConfig


@pytest.mark.parametrize(
    "wrong",
    [
        {"top": 0},
        {"top": 20, "recall": 10},
        {"rerank_depth": 0},
        {"mode": "hybrid"},
        {"fusion": "sum"},
        {"blend": "sum"},
        {"dense_weight": -1.0},
        {"dense_weight": float("nan")},
        {"dense_weight": 0.0, "lexical_weight": 0.0},
        {"rerank_weight": 1.5},
        {"dim": 0},
    ],
)
def test_unsound_configs_are_refused_by_name(wrong):
    with pytest.raises(ConfigError, match=rf"search\.({'|'.join(wrong)}|recall)"):
        SearchConfig(**wrong)


def test_the_defaults_are_sound():
    assert SearchConfig().top == 10
