"""Kinds of queries, in any script."""

import pytest

from embedrank.evaluation.beir import load_beir
from embedrank.evaluation.query_kinds import KINDS, form_of, length_class, num_words, writing_of
from tests.evaluation.beir_folder import write_beir


@pytest.mark.parametrize(
    ("text", "count"), [("two words", 2), ("什么是向量", 3), ("ประเทศไทย", 5), ("向量 search", 2), ("?!", 0)]
)
def test_characters_that_are_written_without_spaces_count_by_twos(text, count):
    assert num_words(text) == count


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("who sleeps", "question"),
        ("熊吃什么？", "question"),
        ("island ferry", "keywords"),
        ("isolated words that say something", "statement"),
    ],
)
def test_forms(text, form):
    assert form_of(text) == form


def test_length_and_script_are_named():
    assert length_class("a b c") == "up to 3 words" and length_class("w " * 40) == "32 words or more"
    assert [writing_of(text) for text in ("bear", "медведь", "熊吃鱼 a", "12")] == [
        "Latin script",
        "Cyrillic script",
        "Han script",
        "no letters",
    ]


def test_what_the_row_says_wins_over_what_is_guessed(tmp_path):
    queries = [{"_id": "q1", "text": "what is it", "lang": "fr", "type": "fact"}, {"_id": "q2", "text": "river"}]
    dataset = load_beir(write_beir(tmp_path, queries=queries, split="test.de"), "test.de")
    told = {kind: (slice_of(dataset, "q1"), slice_of(dataset, "q2")) for kind, slice_of in KINDS.items()}
    assert (told["language"], told["type"]) == (("fr", "de"), ("fact", "keywords"))
