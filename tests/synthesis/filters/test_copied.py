"""Queries that stand in their passage go."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from embedrank.core.same_text import normalised
from embedrank.synthesis.filters.copied import copied_share
from tests.synthesis.filters.drafts import PASSAGE, draft, made, verdict


def test_a_sentence_of_the_passage_goes() -> None:
    said = verdict(made("copied"), draft("the lynx HUNTS  hares at dusk in the forests"))
    assert (said.reason, said.figures["copied_share"]) == ("copied from the passage", 1.0)


def test_a_query_in_own_words_stays_with_its_figure() -> None:
    said = verdict(made("copied"), draft("what time of day is the lynx active as a hunter"))
    assert said.keep
    assert 0 < said.figures["copied_share"] < 0.5


def test_the_share_decides() -> None:
    half = draft("why does it happen that the lynx hunts hares at dusk")
    assert verdict(made("copied", max_share=0.6), half).keep
    assert not verdict(made("copied", max_share=0.3), half).keep


def test_short_queries_and_tasks_whose_sides_are_alike_pass() -> None:
    assert verdict(made("copied"), draft("lynx hunts hares")).keep
    copy = PASSAGE[:60]
    for task in ("sts", "bitext", "classification"):
        assert verdict(made("copied"), draft(copy, task=task)).keep
    assert not verdict(made("copied"), draft(copy, task="code")).keep


@settings(deadline=None)
@given(st.text("ab c", max_size=12), st.text("ab c", max_size=30))
def test_the_share_is_that_of_the_longest_run_found_by_trying_all(query, document) -> None:
    wanted, text = normalised(query), normalised(document)
    runs = [wanted[i:j] for i in range(len(wanted)) for j in range(i + 1, len(wanted) + 1) if wanted[i:j] in text]
    longest = max(map(len, runs), default=0)
    assert copied_share(query, document) == (longest / len(wanted) if wanted else 0.0)
