"""Filters are chosen by name; what is unknown or unsound is refused before anything runs."""

from __future__ import annotations

import pytest

from embedrank.core.errors import ConfigError
from embedrank.synthesis.filters import FILTERS, build_filters, filter_configs
from embedrank.synthesis.filters.needs import FilterNeeds


def test_a_chain_has_the_order_of_the_settings() -> None:
    chain = build_filters({"length": None, "schema": {}, "copied": {"min_words": 3}}, FilterNeeds())
    assert [each.name for each in chain] == ["length", "schema", "copied"]


@pytest.mark.parametrize("name", FILTERS)
def test_every_filter_has_the_name_it_is_chosen_by(name) -> None:
    assert FILTERS[name].make.name == name


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"lenght": {}}, "unknown filter; known are schema, length"),
        ({"length": {"min": 3}}, "unknown key; known are"),
        ({"length": 3}, "must be a mapping"),
        ({"length": {"min_query": -1}}, "at least 0"),
        ({"length": {"min_query": 9, "max_query": 3}}, "is more than max_query"),
        ({"length": {"min_query": 2.5}}, "whole number"),
        ({"length": {"slack": -0.1}}, "within 0..10"),
        ({"language": {"min_probability": 1.5}}, "within 0..1"),
        ({"copied": {"max_share": "much"}}, "must be a number"),
        ({"schema": {"min_score": 2, "max_score": 1}}, "within 2..inf"),
        ({"duplicates": {"similarity": 0}}, "within 0.1..0.95"),
        ({"duplicates": {"window": True}}, "whole number"),
        ({"refusal": {"begins": "no list"}}, "must be a list of phrases"),
        ({"cosine": {"minimum": float("nan")}}, "within -1..1"),
        ({"round_trip": {"top": 0}}, "at least 1"),
        ({"judge": {"min_grade": 6}}, "within 1..5"),
        ({"decontaminate": {"folders": "xquad"}}, "must be a list of folders"),
        ({"balance": {}}, "set a cap"),
        ({"balance": {"lang": {"de": -1}}}, "whole numbers"),
    ],
)
def test_unsound_settings_are_refused(settings, said) -> None:
    with pytest.raises(ConfigError, match=said):
        filter_configs(settings)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("cosine", "embedding model"),
        ("round_trip", "corpus and a work folder"),
        ("judge", "language model"),
        ("decontaminate", "at least one evaluation folder"),
    ],
)
def test_a_filter_without_what_it_needs_says_so(name, said) -> None:
    with pytest.raises(ConfigError, match=said):
        build_filters({name: {}}, FilterNeeds())
