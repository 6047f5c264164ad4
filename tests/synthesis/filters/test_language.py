"""Queries in another language than was wished for go; what cannot be told stays and is counted."""

from __future__ import annotations

import pytest

from embedrank.synthesis.draft import Wish
from embedrank.synthesis.passage import Passage
from tests.synthesis.filters.drafts import draft, made, verdict

GERMAN = "Zu welcher Tageszeit jagt der Luchs in den Wäldern des Nordens?"
ENGLISH = "At what time of the day does the lynx hunt in the northern forests?"


@pytest.fixture(scope="module")
def language():
    return made("language")


def wished(query, lang, **changes):
    return draft(query, wish=Wish(kind="retrieval", lang=lang), **changes)


@pytest.mark.parametrize(
    ("query", "lang"), [(GERMAN, "de"), (ENGLISH, "en"), (ENGLISH, "en_US"), ("山猫は何を食べますか", "ja")]
)
def test_the_wished_language_is_made_sure_of(language, query, lang) -> None:
    said = verdict(language, wished(query, lang))
    assert said.keep
    assert said.figures["language_decided"] == 1


@pytest.mark.parametrize(
    ("query", "lang", "found"), [(GERMAN, "en", "de"), (ENGLISH, "de", "en"), (ENGLISH, "fr", "en")]
)
def test_another_language_goes(language, query, lang, found) -> None:
    said = verdict(language, wished(query, lang))
    assert (said.keep, said.reason) == (False, "wrong language")
    assert f"wished {lang}, found {found}" in said.detail


@pytest.mark.parametrize(("query", "lang"), [("lynx", "zh"), ("山猫", "en"), ("рысь", "de"), ("lynx food", "ru")])
def test_other_letters_go_however_short_the_query_is(language, query, lang) -> None:
    assert verdict(language, wished(query, lang)).reason == "wrong script"


@pytest.mark.parametrize(
    ("query", "lang"),
    [("asyncio gather", "de"), ("2019", "zh"), ("/usr/lib/x86_64-linux-gnu", "en"), ("Pandas DataFrame 合并", "zh")],
)
def test_what_cannot_be_told_stays_and_is_counted(language, query, lang) -> None:
    said = verdict(language, wished(query, lang))
    assert said.keep
    assert said.figures["language_decided"] == 0


def test_languages_that_are_too_alike_are_not_told_apart(language) -> None:
    norwegian = "Når på dagen jakter gaupa i skogene i nord, og hvor sover den?"
    assert verdict(language, wished(norwegian, "nb")).keep
    croatian = "U koje doba dana ris lovi u sjevernim šumama i gdje spava?"
    assert verdict(language, wished(croatian, "sr")).keep


def test_without_a_wish_the_row_and_then_the_passage_say_the_language(language) -> None:
    german_passage = Passage(id="p", text="Der Luchs jagt.", lang="de")
    assert verdict(language, draft(ENGLISH, passage=german_passage)).reason == "wrong language"
    assert verdict(language, draft(ENGLISH, passage=german_passage, lang="en")).keep


def test_code_and_unknown_languages_are_let_through(language) -> None:
    code = Passage(id="p", text="x = 1", lang="pl", is_code=True)  # Perl, not Polish
    assert verdict(language, draft(ENGLISH, passage=code, task="code")).figures["language_decided"] == 0
    translation = Wish(kind="code", query_type="translation", lang="go")
    assert verdict(language, draft(ENGLISH, wish=translation, task="code")).keep
    assert verdict(language, wished(ENGLISH, "tlh")).figures["language_decided"] == 0
