"""Extractive rows about code, pairs and labelled texts: what comments, names and sentences give, and no more."""

from __future__ import annotations

import pytest

from embedrank.synthesis.draft import SyntheticRow, Wish
from embedrank.synthesis.drafting import Drafting
from embedrank.synthesis.generators.extractive import ExtractiveGenerator
from embedrank.synthesis.generators.extractive.comments import documenting_comment
from embedrank.synthesis.generators.extractive.signatures import signature_of
from tests.synthesis.making_rows import ENGLISH, asked, code, context, extracted, passage

PYTHON = '''def mean_of(values: list[float], weights=None) -> float:
    """Return the weighted mean of some values.

    Args:
        values: Numbers.
    """
    return sum(values) / len(values)'''


def test_a_docstring_becomes_the_query_and_goes_from_the_code() -> None:
    row = extracted(Wish(kind="code", query_type="docstring", lang="en"), code(PYTHON))
    assert row.query == "Return the weighted mean of some values."
    assert row.positives == (
        "def mean_of(values: list[float], weights=None) -> float:\n    return sum(values) / len(values)",
    )


@pytest.mark.parametrize(
    ("comment", "question"),
    [
        ("Return the mean.", "how do I return the mean?"),
        ("Returns the mean.", "which Python function returns the mean?"),
        ("Carries on.", "which code is for this: Carries on?"),
        ("The mean of all.", "which code is for this: The mean of all?"),
    ],
)
def test_questions_follow_the_form_of_the_comment(comment: str, question: str) -> None:
    text = f'def f(x):\n    """{comment}"""\n    return x'
    assert extracted(Wish(kind="code", query_type="question", lang="en"), code(text)).query == question


def test_nothing_is_asked_about_code_in_other_languages() -> None:
    assert extracted(Wish(kind="code", query_type="question", lang="de"), code(PYTHON))[1] == "no question form"


def test_an_interface_is_looked_up_by_the_words_of_its_names() -> None:
    rows = [
        extracted(Wish(kind="code", query_type="api", length=length, lang="en"), code(PYTHON))
        for length in ((2, 2), (4, 4), (5, 9))
    ]
    assert [row.query for row in rows] == ["mean of", "mean of values weights", "Python mean of values weights"]
    assert all(row.positives == (PYTHON,) for row in rows)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("abc.ABC", "nothing but a signature"),
        ("os.link(src, dst)", "nothing but a signature"),
        ("ls -la", "no signature"),
        ("def f(): pass", "nothing but a name"),
    ],
)
def test_an_interface_that_is_all_name_is_refused(text: str, reason: str) -> None:
    assert extracted(Wish(kind="code", query_type="api", lang="en"), code(text)) == ("code", reason)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (PYTHON, "Return the weighted mean of some values."),
        ("/**\n * Joins {@code parts}.\n * <p>More.\n * @param parts them\n */\nString join() {}", "Joins parts."),
        ("// Clamp keeps x\n// inside.\nfunc Clamp(x int) int { return x }", "Clamp keeps x inside."),
        ("/// Adds one.\n///\n/// # Panics\nfn add() {}", "Adds one."),
        ("# Says hello.\ndef hello\nend", "Says hello."),
        ("#!/bin/sh\necho", None),
        ("// Copyright 2020 Somebody\nint x;", None),
        ("def f():\n    # Inner remark.\n    return 1", None),
        ('def f():\n    x = """no docstring"""', None),
        ("", None),
    ],
)
def test_comments_are_found_in_many_languages(text: str, said: str | None) -> None:
    found = documenting_comment(text)
    assert (found.text if found else None) == said
    assert found is None or found.removed in text


@pytest.mark.parametrize(
    ("lang", "text", "name", "parameters"),
    [
        ("python", "class A:\n    def __init__(self, x): ...", "a", ()),
        ("python", "async def fetchAll(self, url: str, *, timeout_s=3): ...", "fetch all", ("url", "timeout s")),
        ("java", "public static int countIn(final String text, char c) {", "count in", ("text", "c")),
        ("go", "func (s *Server) ListenTLS(addr string) error {", "listen tls", ("addr",)),
        ("rust", "pub fn parse<T>(input: &str) -> T {", "parse", ("input",)),
        ("php", "public function getName($first, $last)\n{", "get name", ("first", "last")),
        ("ruby", "def merge_all(one, two)\nend", "merge all", ("one", "two")),
        ("ruby", "def empty?\nend", "empty", ()),
        (None, "os.path.join(path, *paths)", "os path join", ("path", "paths")),
    ],
)
def test_signatures_are_read(lang: str | None, text: str, name: str, parameters: tuple[str, ...]) -> None:
    found = signature_of(text, lang)
    assert found is not None
    assert (" ".join(found.name), found.parameters) == (name, parameters)


def test_pairs_have_only_scores_that_can_be_told_without_a_model() -> None:
    found = {
        score: extracted(Wish(kind="sts", score=score, length=(8, 20)), passage(), key=2)
        for score in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
    }
    rows = {score: row for score, row in found.items() if isinstance(row, SyntheticRow)}
    assert {score: row for score, row in found.items() if score not in rows} == {
        **dict.fromkeys((0.0, 0.4, 0.8), ("sts", "needs a language model")),
        1.0: ("sts", "no translation"),
    }
    other, part = rows[0.2], rows[0.6]
    assert other.positives[0] in ENGLISH
    assert other.positives[0] != other.query
    assert part.query.startswith(part.positives[0])
    assert (other.score, part.score) == (0.2, 0.6)


def test_a_translated_sentence_is_a_pair_of_the_same_meaning() -> None:
    row = extracted(Wish(kind="sts", score=1.0), passage("One sentence.", translations={"fr": "Une phrase."}))
    assert (row.query, row.positives, row.score) == ("One sentence.", ("Une phrase.",), 1.0)


def test_bitext_comes_from_the_data_alone() -> None:
    wish = Wish(kind="bitext", lang="fr")
    assert extracted(wish, passage("One.", translations={"fr": "Une."})).query == "Une."
    assert extracted(wish, passage("One.")) == ("bitext", "needs a language model")


def test_a_labelled_passage_is_its_own_text() -> None:
    drafting = Drafting(context=context(reads_prose=False, labels={"s": ("art", "law")}))

    def answer(request: object) -> str:
        (outcome,) = ExtractiveGenerator().generate([request])  # type: ignore[list-item]
        return outcome.text  # type: ignore[union-attr]

    for length in (None, (8, 12)):
        result, _ = asked(drafting, Wish(kind="classification", length=length), passage(label="law"), answer)
        row = result.row  # type: ignore[union-attr]
        assert row is not None
        assert row.query in ENGLISH
        assert (row.query == ENGLISH) == (length is None)
        assert (row.positives, row.negatives) == (("law",), ("art",))
    assert extracted(Wish(kind="classification"), passage()) == ("classification", "no label")
