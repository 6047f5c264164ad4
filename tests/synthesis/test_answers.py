"""Answers of models: JSON is found wherever it stands, sloppy JSON is read, all else is refused with a reason."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embedrank.synthesis.answers import Unusable, read_answer
from embedrank.synthesis.schema import TEXT, list_of, object_of

SCHEMA = object_of({"query": TEXT, "others": list_of(TEXT, least=0, most=3)}, optional=("others",))
GOOD = {"query": "why is saffron so expensive"}


def reason(text: str) -> str:
    found = read_answer(text, SCHEMA)
    assert isinstance(found, Unusable)
    assert found.detail
    return found.reason


@pytest.mark.parametrize(
    "text",
    [
        '{"query": "why is saffron so expensive"}',
        '```json\n{"query": "why is saffron so expensive"}\n```',
        'Sure! Here it is:\n\n{"query": "why is saffron so expensive"}\nLet me know if you need more.',
        '{"query": "why is saffron so expensive",}',
        "{'query': 'why is saffron so expensive'}",
        '<think>{"query": "no"} hm {"query": </think>{"query": "why is saffron so expensive"}',
        'In the form {persona, text}: {"query": "why is saffron so expensive"}',
        '{"answer": 1} {"query": "why is saffron so expensive"}',
        '[{"query": "why is saffron so expensive"}]',
        '\ufeff {"query" : "why is saffron so expensive" , } ',
        '{"query": "why is saffron so \\u0065xpensive"}',
    ],
)
def test_the_object_is_found(text: str) -> None:
    assert read_answer(text, SCHEMA) == GOOD


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r'{"query": "a \"b\" \\ \/ \n \ud83d\ude00"}', 'a "b" \\ / \n \U0001f600'),
        ('{"query": "two\nlines"}', "two\nlines"),
        ("{'query': 'it\\'s'}", "it's"),
        ('{"query": "it\'s {not} [JSON]"}', "it's {not} [JSON]"),
    ],
)
def test_strings_are_read_to_the_letter(text: str, value: str) -> None:
    assert read_answer(text, SCHEMA) == {"query": value}


@pytest.mark.parametrize("cut", range(1, 42))
def test_an_answer_that_is_cut_is_never_taken(cut: int) -> None:
    whole = '{"query": "a", "others": ["b", "c", "d"]}'
    assert len(whole) == 41
    found = read_answer(whole[:cut], SCHEMA)
    assert found == {"query": "a", "others": ["b", "c", "d"]} if cut == 41 else reason(whole[:cut]) == "cut short"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "empty answer"),
        ("  \n", "empty answer"),
        ("<think>and so on", "empty answer"),
        ("I cannot help with that.", "no JSON"),
        ("why is saffron so expensive", "no JSON"),
        ("{query: why}", "no JSON"),
        ('{"query": NaN}', "no JSON"),
        ('{"query": "a" "others": []}', "no JSON"),
        ('{"query": "a", "query": "b"}', "no JSON"),
        ('{"query": __import__("os").abort()}', "no JSON"),
        ('{"question": "why"}', "wrong shape"),
        ('{"query": 7}', "wrong shape"),
        ('{"query": null}', "wrong shape"),
        ('{"query": "   "}', "wrong shape"),
        ('{"query": "why", "confidence": 1}', "wrong shape"),
        ('{"query": "why", "others": "b"}', "wrong shape"),
        ('{"query": "why", "others": ["a", "b", "c", "d"]}', "wrong shape"),
        ('{"query": "why", "others": [""]}', "wrong shape"),
        ('{"query": "half \\ud800 a pair"}', "unwritable text"),
        ('{"query": ' + "[" * 5000, "no JSON"),
    ],
)
def test_what_cannot_be_used_is_told_by_reason(text: str, expected: str) -> None:
    assert reason(text) == expected


def test_numbers_are_told_from_truth_and_held_to_their_range() -> None:
    schema = object_of({"persona": {"type": "integer", "minimum": 1, "maximum": 5}})
    assert read_answer('{"persona": 3}', schema) == {"persona": 3}
    for wrong in ("true", "True", "0", "6", "2.5", '"3"', "1e999", "-", "9" * 5000):
        assert isinstance(read_answer(f'{{"persona": {wrong}}}', schema), Unusable), wrong


SHAPED = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@settings(deadline=None)
@given(st.text() | st.text(alphabet="{}[]\"'\\:,u0d8 \nTrueNon-1.e"))
def test_no_text_makes_it_raise(text: str) -> None:
    read_answer(text, SCHEMA)
    read_answer("{" + text, SCHEMA)
    read_answer('{"query": "' + text, SCHEMA)


@settings(deadline=None)
@given(SHAPED, st.text(alphabet="ab \n`", max_size=9))
def test_proper_json_is_read_as_the_standard_library_does(value: Any, around: str) -> None:
    text = json.dumps({"query": "q", "value": value})
    schema = {"type": "object", "properties": {}, "required": ["query"]}
    found = read_answer(f"{around}{text}{around}", schema)
    if isinstance(found, Unusable):  # not finite, too long a number, half of a character pair
        assert re.search(r"NaN|Infinity|\d{40}|\\ud[89a-f]", text)
    else:
        assert found == json.loads(text)
