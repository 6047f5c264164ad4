"""Lengths are counted in words of any script."""

from __future__ import annotations

import pytest

from embedrank.synthesis.draft import Wish
from tests.synthesis.filters.drafts import draft, made, reasons, verdict


def test_bounds_of_the_query_are_inclusive() -> None:
    judge = made("length", min_query=2, max_query=3)
    queries = ["lynx", "lynx food", "lynx food list", "lynx food list online"]
    assert reasons(judge, [draft(query) for query in queries]) == ["query too short", "", "", "query too long"]


@pytest.mark.parametrize(
    "query", ["山猫は夜に何を食べて暮らしていますか", "แมวป่าลิงซ์ล่ากระต่ายในเวลาใดของวัน", "猞猁在什么时候捕猎野兔"]
)
def test_scripts_without_spaces_are_not_one_word(query) -> None:
    assert verdict(made("length", min_query=4, max_query=20), draft(query)).keep
    assert verdict(made("length", max_query=3), draft(query)).reason == "query too long"


def test_a_text_of_punctuation_has_no_words() -> None:
    assert verdict(made("length"), draft("???")).reason == "query too short"


def test_documents_have_bounds_but_labels_have_none() -> None:
    judge = made("length", min_document=3, max_document=6)
    assert verdict(judge, draft("x", "too short")).reason == "document too short"
    assert verdict(judge, draft("x", "just long enough", negatives=("one two three four five six seven",))).reason == (
        "document too long"
    )
    assert verdict(judge, draft("repeats the last command", "!!", task="code")).keep
    assert verdict(judge, draft("x", "label", task="classification", negatives=("other",))).keep


def test_the_wished_length_is_held_to_only_if_asked_and_with_slack() -> None:
    long = draft("one two three four five six", wish=Wish(kind="retrieval", length=(2, 4)))
    assert verdict(made("length"), long).keep
    assert verdict(made("length", slack=0.5), long).keep
    said = verdict(made("length", slack=0.25), long)
    assert (said.reason, said.detail) == ("not the wished length", "6 words, wished 2 to 4")
