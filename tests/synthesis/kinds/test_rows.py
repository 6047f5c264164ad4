"""Rows of every kind: what a model's answers become, that the training reader takes them, and what is refused."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import Any

import pytest

from embedrank.synthesis.draft import Draft, Rejected, SyntheticRow, Wish
from embedrank.synthesis.drafting import Drafting
from embedrank.synthesis.personas import DrawnPersonas, Persona
from embedrank.training.data.record import Malformed
from embedrank.training.rows import checked_row
from tests.synthesis.making_rows import ENGLISH, Answers, asked, code, context, passage, row_of

NEGATIVES = {"negatives": ["One text.", "Another text.", "A third text.", "A fourth text."]}
LABELS = {"s": ("art", "law", "sport")}
FUNCTION = "def add(a, b):\n    return a + b"


def drafting(**plan: Any) -> Drafting:
    return Drafting(context=context(reads_prose=True, labels=LABELS, **plan))


def made(wish: Wish, answers: Answers, of: Any = None, **plan: Any) -> SyntheticRow:
    row = row_of(asked(drafting(**plan), wish, of or passage(), answers)[0])
    fields = {name: value for name, value in json.loads(json.dumps(asdict(row))).items() if value is not None}
    taken = checked_row(fields)
    assert not isinstance(taken, Malformed), taken.problem
    assert (taken.query, taken.positives, taken.score) == (row.query, row.positives, row.score)
    return row


def refused(wish: Wish, answers: Answers, of: Any = None, **plan: Any) -> tuple[str, str]:
    result, _ = asked(drafting(**plan), wish, of or passage(), answers)
    assert isinstance(result, Rejected)
    assert result.detail
    return result.stage, result.reason


def test_retrieval_has_the_whole_passage_with_its_title() -> None:
    wish = Wish(kind="retrieval", query_type="yes_or_no", lang="de")
    row = made(wish, {"generate": {"query": " wer wählt die Delegierten? "}})
    assert row == SyntheticRow(
        task="retrieval",
        query="wer wählt die Delegierten?",
        positives=(f"Armenian Church\n{ENGLISH}",),
        source="s",
        instruction="Given a yes-or-no question, retrieve passages that decide it",
        lang="de",
    )


def test_retrieval_has_the_negatives_that_differ() -> None:
    wish = Wish(kind="retrieval")
    told = {"generate": {"query": "q"}, "negatives": NEGATIVES}
    assert made(wish, told, negatives=3).negatives == ("One text.", "Another text.", "A third text.")
    assert made(wish, told, negatives=5).negatives == tuple(NEGATIVES["negatives"])
    doubles = {"negatives": ["one", "One ", "two", ENGLISH, "Q"]}
    assert refused(wish, {**told, "negatives": doubles}, negatives=3) == ("negatives", "too few negatives")


def test_no_negatives_are_asked_for_where_none_are_wished_for() -> None:
    _, requests = asked(drafting(), Wish(kind="retrieval"), passage(), {"generate": {"query": "q"}})
    assert [request.facts["step"] for request in requests] == ["generate"]


def test_the_configure_step_chooses_who_asks_and_what_the_plan_leaves_open() -> None:
    people = DrawnPersonas([Persona(text=f"Person {n}.") for n in range(9)], num_candidates=5, seed=0)
    with_people = Drafting(context=replace(context(reads_prose=True), personas=people))
    answers = {
        "configure": {"persona": 2, "query_type": "summary", "difficulty": "phd"},
        "generate": {"query": "q"},
    }
    result, (first, second) = asked(with_people, Wish(kind="retrieval"), passage(), answers)
    assert isinstance(result, Draft)
    chosen = people.candidates([passage()])[0][1]
    assert f"2. {chosen}" in first.messages[-1].content
    assert f"Person: {chosen}" in second.messages[-1].content
    assert "a statement that sums up" in second.messages[-1].content
    assert result.facts["persona"] == chosen
    assert (result.facts["query_type"], result.facts["difficulty"]) == ("summary", "phd")
    assert set(result.facts["prompts"]) == {"configure", "generate"}
    assert "personas" not in result.facts
    assert row_of(result).instruction == "Given a statement, retrieve the passage whose content it sums up"
    wished = Wish(kind="retrieval", query_type="keywords", difficulty="phd")
    (wrong, _) = asked(with_people, wished, passage(), answers)
    assert wrong == Rejected(stage="configure", reason="wrong shape", detail="query_type is none of keywords")


def test_requests_carry_the_wish_and_are_the_same_each_time() -> None:
    wish = Wish(kind="retrieval", query_type="keywords", difficulty="phd", length=(2, 5), lang="ja")
    _, (request,) = asked(drafting(), wish, passage(), {"generate": {"query": "q"}})
    _, (again,) = asked(drafting(), wish, passage(), {"generate": {"query": "q"}})
    text = request.messages[-1].content
    assert "2 to 5 words" in text
    assert "Japanese" in text
    assert ENGLISH in text
    assert request == again
    assert request.key == "s/1#0/generate"


def test_a_long_passage_is_cut_in_prompts_and_whole_in_rows() -> None:
    long = passage("word " * 100)
    result, (request,) = asked(
        drafting(max_passage_chars=200), Wish(kind="retrieval"), long, {"generate": {"query": "q"}}
    )
    assert isinstance(result, Draft)
    assert request.messages[-1].content.count("word") == 40
    assert result.facts["shown_chars"] == 200
    assert row_of(result).positives[0].count("word") == 100


def test_bitext_takes_the_translation_of_the_data_and_asks_nothing() -> None:
    both = passage("A text.", translations={"fr": "Un texte."})
    result, requests = asked(drafting(), Wish(kind="bitext", lang="fr"), both, {})
    assert requests == []
    row = row_of(result)
    assert (row.task, row.query, row.positives, row.lang) == ("bitext", "Un texte.", ("A text.",), "fr")


def test_bitext_is_written_for_an_excerpt_of_the_wished_length() -> None:
    row = made(Wish(kind="bitext", lang="de", length=(8, 12)), lambda request: '{"text": "Ein Satz."}')
    assert row.query == "Ein Satz."
    assert row.positives[0] in ENGLISH
    assert 8 <= len(row.positives[0].split()) <= 12


def test_sts_has_the_wished_score() -> None:
    row = made(Wish(kind="sts", score=0.4, length=(8, 12)), {"sts": {"text": "Another sentence."}})
    assert (row.task, row.score, row.positives) == ("sts", 0.4, ("Another sentence.",))
    assert row.query in ENGLISH


def test_classification_with_labels_of_the_data() -> None:
    row = made(Wish(kind="classification"), {"classification": {"text": "x"}}, passage(label="law"))
    assert (row.task, row.query, row.positives, row.negatives) == ("classification", "x", ("law",), ("art", "sport"))


def test_classification_with_a_task_of_its_own() -> None:
    answer = {"task": "Tell the tone", "text": "x", "label": "Angry", "wrong_labels": ["calm", "angry", "Calm", "sad"]}
    row = made(Wish(kind="classification"), {"classification": answer})
    assert (row.instruction, row.positives, row.negatives) == ("Tell the tone", ("Angry",), ("calm", "sad"))


def test_code_is_found_by_a_question() -> None:
    wish = Wish(kind="code", query_type="question", lang="en")
    row = made(wish, {"code": {"query": "how to add"}}, code(FUNCTION))
    assert (row.task, row.query, row.positives, row.lang) == ("code", "how to add", (FUNCTION,), "en")


def test_code_finds_its_translation_from_the_data_or_from_a_model() -> None:
    wish = Wish(kind="code", query_type="translation", lang="go")
    written = made(wish, {"code_translation": {"code": "func Add"}}, code(FUNCTION))
    given, requests = asked(drafting(), wish, code(FUNCTION, translations={"go": "func Add"}), {})
    assert row_of(given) == written
    assert requests == []
    assert (written.query, written.positives, written.lang) == (FUNCTION, ("func Add",), "python")


@pytest.mark.parametrize(
    ("wish", "about", "answers", "expected"),
    [
        (Wish(kind="code"), passage(), {}, ("plan", "not code")),
        (Wish(kind="sts"), code(FUNCTION), {}, ("plan", "is code")),
        (Wish(kind="bitext", lang="de"), code(FUNCTION), {}, ("plan", "is code")),
        (Wish(kind="bitext"), passage(), {}, ("plan", "no other language")),
        (Wish(kind="bitext", lang="en"), passage(), {}, ("plan", "no other language")),
        (Wish(kind="bitext", lang="de", length=(2, 3)), passage(), {}, ("plan", "no excerpt")),
        (Wish(kind="sts", score=0.0, length=(2, 3)), passage(), {}, ("plan", "no excerpt")),
        (Wish(kind="code", query_type="translation"), code(FUNCTION), {}, ("plan", "no other language")),
        (Wish(kind="classification"), code(FUNCTION), {}, ("plan", "is code")),
        (
            Wish(kind="classification"),
            passage(label="law", source="alone"),
            {"classification": {"text": "x"}},
            ("classification", "no wrong label"),
        ),
        (
            Wish(kind="classification"),
            passage(),
            {"classification": {"task": "t", "text": "x", "label": "a", "wrong_labels": ["A", "b"]}},
            ("classification", "too few wrong labels"),
        ),
        (
            Wish(kind="bitext", lang="de"),
            passage("Only this."),
            {"bitext": {"text": "only this."}},
            ("bitext", "not translated"),
        ),
        (
            Wish(kind="sts", score=1.0),
            passage("Only this."),
            {"sts": {"text": "Only this."}},
            ("sts", "same text twice"),
        ),
        (
            Wish(kind="code", query_type="translation", lang="go"),
            code(FUNCTION),
            {"code_translation": {"code": FUNCTION}},
            ("code_translation", "not translated"),
        ),
        (Wish(kind="retrieval"), passage(), {"generate": {"question": "q"}}, ("generate", "wrong shape")),
        (Wish(kind="retrieval"), passage(), {"generate": {"query": "q", "removed": []}}, ("generate", "wrong shape")),
    ],
)
def test_what_cannot_become_a_row_is_told_by_stage_and_reason(
    wish: Wish, about: Any, answers: Answers, expected: tuple[str, str]
) -> None:
    assert refused(wish, answers, about) == expected


def test_an_answer_without_json_rejects_the_draft() -> None:
    assert refused(Wish(kind="retrieval"), lambda request: "Sorry, no.") == ("generate", "no JSON")
