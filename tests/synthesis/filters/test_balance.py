"""Caps hold over the whole run, and count only rows that passed all filters."""

from __future__ import annotations

from embedrank.synthesis.draft import Wish
from tests.synthesis.filters.drafts import draft, made, reasons


def row(source="wiki", query_type="keywords", lang="en", **changes):
    return draft(source=source, lang=lang, wish=Wish(kind="retrieval", query_type=query_type), **changes)


def test_one_cap_holds_for_every_value() -> None:
    judge = made("balance", source=2)
    rows = [row("wiki"), row("news"), row("wiki"), row("wiki"), row("news")]
    said = judge.judge(rows)
    assert [verdict.reason for verdict in said] == ["", "", "", "enough of this source", ""]
    assert said[3].detail == "wiki: 2"


def test_caps_by_value_leave_others_alone() -> None:
    judge = made("balance", lang={"en": 1, "fr": 0})
    assert reasons(judge, [row(), row(), row(lang="fr"), row(lang="de"), row(lang="de")]) == [
        "",
        "enough of this lang",
        "enough of this lang",
        "",
        "",
    ]


def test_what_a_row_is_dropped_for_does_not_count_for_its_other_values() -> None:
    judge = made("balance", source=1, query_type=2)
    rows = [row("wiki"), row("wiki"), row("news"), row("blog")]
    assert reasons(judge, rows) == ["", "enough of this source", "", "enough of this query type"]


def test_the_query_type_that_was_chosen_counts_rather_than_the_one_wished() -> None:
    judge = made("balance", query_type={"summary": 1})
    chosen = {"query_type": "summary"}
    assert reasons(judge, [row(facts=chosen), row(facts=chosen), row()]) == ["", "enough of this query type", ""]


def test_only_remembered_rows_count_in_later_calls_also_after_a_restart() -> None:
    judge, again = made("balance", kind=2), made("balance", kind=2)
    assert reasons(judge, [row(), row()]) == ["", ""]
    judge.remember([row()])
    again.remember([row()])
    assert reasons(judge, [row(), row()]) == reasons(again, [row(), row()]) == ["", "enough of this kind"]
