"""Sentences and clauses by their marks, in scripts of many kinds; removal of parts."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embedrank.synthesis.draft import Draft, Wish
from embedrank.synthesis.excerpt import excerpt_of
from embedrank.synthesis.removal import without
from embedrank.synthesis.sentences import clause_spans, sentence_spans, stripped_end
from embedrank.synthesis.words import num_words
from tests.synthesis.making_rows import ENGLISH, passage


def sentences(text: str) -> list[str]:
    return [text[start:end] for start, end in sentence_spans(text)]


def clauses(text: str) -> list[str]:
    return [text[start:end] for start, end in clause_spans(text, (0, len(text)))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three? Four", ["One.", "Two!", "Three?", "Four"]),
        ("Dr. Smith of St. James met J. R. Smith. He left.", ["Dr. Smith of St. James met J. R. Smith.", "He left."]),
        ('He said "Go." Then he went.', ['He said "Go."', "Then he went."]),
        ("Version 3.5 is out. good", ["Version 3.5 is out. good"]),
        ("梵語很古老。它比拉丁語豐富！是嗎？", ["梵語很古老。", "它比拉丁語豐富！", "是嗎？"]),
        ("「行く。」と言った。帰った。", ["「行く。」", "と言った。", "帰った。"]),
        ("هذا سؤال؟ نعم.", ["هذا سؤال؟", "نعم."]),
        ("यह वाक्य है। दूसरा भी।", ["यह वाक्य है।", "दूसरा भी।"]),
        ("A heading\n\nA line", ["A heading", "A line"]),
        (" \n ", []),
    ],
)
def test_sentences_are_cut_at_their_marks(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("He came, saw (at once) and won.", ["He came", "saw", "at once", "and won."]),
        ("1,000 people; all at 5:30", ["1,000 people", "all at 5:30"]),
        ("在歐洲，梵語的研究", ["在歐洲", "梵語的研究"]),
        ("กลุ่มภาษาวิซายัน เป็นกลุ่มของภาษา", ["กลุ่มภาษาวิซายัน", "เป็นกลุ่มของภาษา"]),
    ],
)
def test_clauses_are_cut_at_commas_brackets_and_in_thai_at_blanks(text: str, expected: list[str]) -> None:
    assert clauses(text) == expected


@settings(deadline=None)
@given(st.text())
def test_sentences_lose_nothing_but_blanks(text: str) -> None:
    assert "".join("".join(sentences(text)).split()) == "".join(text.split())


def test_ends_are_stripped() -> None:
    assert stripped_end("It is so. ") == "It is so"
    assert stripped_end("是的。") == "是的"


@pytest.mark.parametrize(
    ("removed", "title", "text"),
    [
        ((), "T", "One. Two. Three."),
        (("Two.",), "T", "One. Three."),
        (("One.",), "T", "Two. Three."),
        (("Three.", "T"), "", "One. Two. "),
        (("One. Two. Three.",), "T", ""),
    ],
)
def test_removal_closes_the_gap(removed: tuple[str, ...], title: str, text: str) -> None:
    assert without(passage("One. Two. Three.", title="T"), removed) == (title, text)


def test_removal_of_a_line_leaves_no_empty_one_and_keeps_indentation() -> None:
    code = 'def f():\n    """Says."""\n    return 1\n'
    assert without(passage(code, title=""), ('    """Says."""\n',)) == ("", "def f():\n    return 1")
    assert without(passage("    # Says.\n    x = 1", title=""), ("    # Says.\n",)) == ("", "    x = 1")
    assert without(passage("A\n\nB\n\nC", title=""), ("B",)) == ("", "A\n\nC")


@pytest.mark.parametrize("length", [(8, 12), (13, 16), (20, 30)])
def test_an_excerpt_is_a_run_of_sentences_of_the_wished_length(length: tuple[int, int]) -> None:
    found = {
        excerpt_of(Draft(key=str(key), passage=passage(), wish=Wish(kind="sts", length=length))) for key in range(20)
    }
    assert None not in found
    for excerpt in found:
        assert excerpt in ENGLISH
        assert length[0] <= num_words(str(excerpt)) <= length[1]
    assert excerpt_of(Draft(key="k", passage=passage(), wish=Wish(kind="sts", length=(2, 3)))) is None
