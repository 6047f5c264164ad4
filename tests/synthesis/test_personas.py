"""Personas: our own library, public lists, and the nearest ones of a passage against a search by hand."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from embedrank.core.errors import DatasetError
from embedrank.synthesis.personas import (
    INSTRUCTION,
    DrawnPersonas,
    NearestPersonas,
    Persona,
    load_personas,
    read_personas,
)
from embedrank.synthesis.personas_config import PersonasConfig
from embedrank.synthesis.plan_config import DOMAINS
from tests.index.bag_of_words import BagOfWords
from tests.synthesis.making_rows import passage

OURS = load_personas(PersonasConfig())


def test_the_library_has_hundreds_of_different_people_in_a_sentence_each() -> None:
    texts = [persona.text for persona in OURS]
    assert len(texts) >= 400
    assert len({text.casefold() for text in texts}) == len(texts)
    for text in texts:
        assert re.fullmatch(r"An? [^.!?]+\.", text.replace("St ", "")), text
        assert 6 <= len(text.split()) <= 25, text


def test_no_two_people_are_nearly_the_same() -> None:
    words = [frozenset(re.findall(r"\w{4,}", persona.text.lower())) for persona in OURS]
    alike = [(a, b) for i, a in enumerate(words) for b in words[:i] if len(a & b) > 0.6 * len(a | b)]
    assert not alike


@pytest.mark.parametrize("domain", DOMAINS)
def test_each_domain_has_people_of_its_own(domain: str) -> None:
    found = load_personas(PersonasConfig(), domain)
    assert len(found) >= 40
    assert all(domain in persona.domains for persona in found)


def test_public_lists_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"persona": "A cook.", "id": 4}\n\n{"persona": "A  nurse.\\n"}\n')
    (tmp_path / "b.txt").write_text("A pilot.\nA cook.\n")
    config = PersonasConfig(files=(str(tmp_path / "a.jsonl"), str(tmp_path / "b.txt")))
    assert [persona.text for persona in load_personas(config)] == ["A cook.", "A nurse.", "A pilot."]
    assert len(load_personas(config, "legal")) == 3  # a list without domains stays whole


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("a.jsonl", b"{", "line 1: is not JSON"),
        ("a.jsonl", b'{"text": "A cook."}', "no field 'persona'"),
        ("a.jsonl", b'{"persona": "A cook.", "domains": "x"}', "'domains' is no list"),
        ("a.txt", b"\n", "holds no personas"),
        ("a.txt", b"caf\xe9", "is not UTF-8"),
    ],
)
def test_bad_lists_are_refused(tmp_path: Path, name: str, content: bytes, problem: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DatasetError, match=problem):
        list(read_personas(tmp_path / name))


def test_the_nearest_are_those_of_a_plain_search_and_personas_are_embedded_once() -> None:
    encoder = BagOfWords()
    asked: list[int] = []
    plain = encoder.encode_queries

    def counted(texts: list[str], **others: object) -> np.ndarray:
        asked.append(len(texts))
        return plain(texts)

    encoder.encode_queries = counted  # type: ignore[assignment,method-assign]
    lookup = NearestPersonas(OURS[:50], encoder, num_candidates=5)
    passages = [passage(persona.text, title="") for persona in OURS[10:14]]
    found = lookup.candidates(passages)
    vectors = plain([persona.text for persona in OURS[:50]], instruction=INSTRUCTION)
    for text, people in zip(passages, found, strict=True):
        cosines = vectors @ encoder.encode_documents([text.text])[0]
        assert people[0] == text.text
        assert [OURS[place].text for place in np.argsort(-cosines, kind="stable")[:5]] == list(people)
    assert asked == [50]
    assert lookup.candidates([]) == []


def test_without_an_encoder_people_are_drawn_by_seed_and_passage() -> None:
    passages = [passage(id=str(number)) for number in range(40)]
    found = DrawnPersonas(OURS, num_candidates=5, seed=1).candidates(passages)
    assert found == DrawnPersonas(OURS, num_candidates=5, seed=1).candidates(passages)
    assert found != DrawnPersonas(OURS, num_candidates=5, seed=2).candidates(passages)
    assert all(len(set(people)) == 5 for people in found)
    assert len({person for people in found for person in people}) > 100
    assert DrawnPersonas([Persona(text="A cook.")], num_candidates=5, seed=0).candidates(passages[:1]) == [("A cook.",)]


def test_the_file_holds_nothing_but_people_and_domains(repository: Path) -> None:
    lines = (repository / "embedrank/data/synthesis/personas.jsonl").read_text(encoding="utf-8").splitlines()
    assert {key for line in lines for key in json.loads(line)} == {"persona", "domains"}
