"""Refusals and talk about the task go, in many languages; people's own complaints stay."""

from __future__ import annotations

import json

import pytest

from embedrank.synthesis.data_files import data_file
from embedrank.synthesis.passage import Passage
from tests.synthesis.filters.drafts import draft, made, verdict

REFUSALS = (
    "I’m sorry, but I can't help with that.",
    '  "Sure, here is a query: lynx food',
    "As an AI language model, I do not hunt.",
    "Es tut mir leid, aber das kann ich nicht.",
    "很抱歉，我无法回答这个问题",
    "申し訳ありませんが、お答えできません",
    "عذراً، لا أستطيع مساعدتك".replace("عذراً", "عذرا"),
    "Lo siento, no puedo responder a eso.",
    "Query: lynx food",
)
BOILERPLATE = (
    "When does the lynx hunt according to the passage?",
    '```json\n{"query": "lynx"}```',
    "根据上文，山猫吃什么？",
)
PEOPLE = (
    "I can't log in to my account",
    "I cannot find my card",
    "I'm unable to verify my identity",
    "why did he say sorry to the queen",
    "as an ai researcher, how do I cite a dataset",
    "what is the passage of time in physics",
    "Je ne peux pas me connecter",
    "我无法登录",
)


@pytest.mark.parametrize("query", REFUSALS)
def test_a_refusal_goes(query) -> None:
    assert verdict(made("refusal"), draft(query)).reason == "refusal or preamble"


@pytest.mark.parametrize("query", BOILERPLATE)
def test_boilerplate_goes(query) -> None:
    assert verdict(made("refusal"), draft(query)).reason == "boilerplate"


@pytest.mark.parametrize("query", PEOPLE)
def test_what_people_write_stays(query) -> None:
    assert verdict(made("refusal"), draft(query)).keep


def test_written_negatives_are_looked_at_and_texts_of_the_passage_are_not() -> None:
    judge = made("refusal")
    assert verdict(judge, draft(negatives=("I'm sorry, but I cannot write a wrong answer.",))).reason
    song = Passage(id="p", text="I'm sorry, goes the song, and you will find it in the passage below.")
    assert verdict(judge, draft("who sings the song", passage=song)).keep


def test_what_is_left_of_a_passage_is_no_more_judged_than_the_whole() -> None:
    page = Passage(id="p", text="How to begin. Type ```make demo``` and wait. It takes a minute.")
    left = "How to begin. Type ```make demo``` and wait."
    assert verdict(made("refusal"), draft("It takes a minute.", left, passage=page)).keep
    assert not verdict(made("refusal"), draft("```It takes a minute.```", "How to begin.")).keep


def test_code_may_hold_what_is_boilerplate_in_prose() -> None:
    readme = "```python\nprint(1)\n```"
    assert verdict(made("refusal"), draft("prints one", readme, task="code")).keep
    assert not verdict(made("refusal"), draft("prints one", readme)).keep


def test_own_phrases_are_added() -> None:
    judge = made("refusal", begins=["Beep"], holds=["the Above Chart"])
    assert verdict(judge, draft("beep boop")).reason == "refusal or preamble"
    assert verdict(judge, draft("what does the above chart say")).reason == "boilerplate"


def test_phrases_are_lower_case_and_in_many_languages() -> None:
    table = json.loads(data_file("filters", "refusals.json").read_text(encoding="utf-8"))
    assert len(table["begins"]) >= 15
    phrases = [phrase for part in ("begins", "holds") for of in table[part].values() for phrase in of]
    assert all(phrase == phrase.lower() and phrase.strip() for phrase in phrases)
