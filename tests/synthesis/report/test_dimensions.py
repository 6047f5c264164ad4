"""What was asked stands beside what was wished and what was kept."""

from __future__ import annotations

import pytest

from embedrank.synthesis.report.dimensions import Dimensions


def entries(asked, wishes):
    counted = Dimensions(asked)
    for wish, words in wishes:
        counted.add(wish, words)
    return {entry["name"]: entry for entry in counted.report()}


def values(entry, field):
    return {value["value"]: value[field] for value in entry["values"]}


def test_weights_become_shares_and_dropped_drafts_count_as_wished_only() -> None:
    wishes = [({"kind": "retrieval"}, 3)] * 6 + [({"kind": "sts"}, 3), ({"kind": "sts"}, None)]
    kind = entries({"kind": {"retrieval": 30, "sts": 10}}, wishes)["kind"]
    assert values(kind, "asked") == {"retrieval": 0.75, "sts": 0.25}
    assert values(kind, "wished") == {"retrieval": 0.75, "sts": 0.25}
    assert values(kind, "kept") == {"retrieval": 6 / 7, "sts": 1 / 7}
    assert (kind["wished_off"], kind["kept_off"]) == (0, pytest.approx(6 / 7 - 0.75))


def test_a_value_that_was_never_drawn_and_one_that_nobody_asked_for_are_shown() -> None:
    kind = entries({"kind": {"bitext": 1}}, [({"kind": "sts"}, 3)])["kind"]
    assert values(kind, "asked") == {"bitext": 1, "sts": 0}
    assert (values(kind, "kept"), kind["kept_off"]) == ({"bitext": 0, "sts": 1}, 1)


def test_types_of_code_and_of_queries_are_two_dimensions() -> None:
    wishes = [({"kind": "code", "query_type": "api"}, 3), ({"kind": "retrieval", "query_type": "keywords"}, 3)]
    found = entries({}, wishes)
    assert values(found["code_type"], "kept") == {"api": 1}
    assert values(found["query_type"], "kept") == {"keywords": 1}
    assert "kept_off" not in found["query_type"]


def test_a_kind_that_a_passage_could_not_serve_was_wished_for_and_another_obtained() -> None:
    kind = entries({"kind": {"bitext": 1}}, [({"kind": "retrieval", "instead_of": "bitext"}, 3)])["kind"]
    assert values(kind, "wished") == {"bitext": 1, "retrieval": 0}
    assert values(kind, "kept") == {"bitext": 0, "retrieval": 1}


def test_lengths_say_how_many_queries_have_them() -> None:
    wish = {"kind": "retrieval", "length": [2, 4]}
    length = entries({"length": {"2-4": 1}}, [(wish, 2), (wish, 4), (wish, 5), (wish, None)])["length"]
    assert (length["followed"], values(length, "num_wished"), values(length, "num_kept")) == (
        pytest.approx(2 / 3),
        {"2-4": 4},
        {"2-4": 3},
    )


def test_a_language_that_is_left_open_is_that_of_the_passage() -> None:
    wishes = [
        ({"kind": "retrieval"}, 3),
        ({"kind": "retrieval", "lang": "de"}, 3),
        ({"kind": "bitext", "lang": "fr"}, 3),
    ]
    assert values(entries({"lang": {"same": 1, "de": 1}}, wishes)["lang"], "kept") == {"same": 0.5, "de": 0.5}
