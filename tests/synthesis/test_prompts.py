"""Prompts are whole: every choice has a text, every example fits its schema, values are never read as prompts."""

from __future__ import annotations

import shutil
from itertools import product
from pathlib import Path

import pytest

from embedrank.core.errors import ConfigError, InvalidInputError
from embedrank.synthesis.data_files import data_file
from embedrank.synthesis.draft import Draft, Wish
from embedrank.synthesis.kinds import KINDS
from embedrank.synthesis.plan_config import CODE_TYPES, DIFFICULTIES, DOMAINS, QUERY_TYPES, PlanConfig
from embedrank.synthesis.prompts import load_prompts
from embedrank.synthesis.schema import mismatch
from embedrank.synthesis.steps.asking import AskingStep
from tests.synthesis.making_rows import code, context, passage

PROMPTS = load_prompts()
CONTEXT = context(reads_prose=True, negatives=3)
STEPS = {step.name: step for kind in KINDS.values() for step in kind.steps(CONTEXT)}


def test_every_step_has_a_prompt_and_every_prompt_a_step() -> None:
    assert set(PROMPTS.prompts) == set(STEPS)


def test_every_type_and_difficulty_has_an_example_of_its_own() -> None:
    shown = {(example.choices["query_type"], example.choices["difficulty"]) for example in PROMPTS["generate"].examples}
    assert shown == set(product(QUERY_TYPES, DIFFICULTIES))
    for query_type, difficulty in shown:
        values = {**PROMPTS["generate"].examples[0].values, "passage": "x", "title": ""}
        messages = PROMPTS["generate"].messages(values, {"query_type": query_type, "difficulty": difficulty}, "")
        assert [message.role for message in messages] == ["system", "user", "assistant", "user"]


def test_choices_are_those_of_the_plan() -> None:
    assert set(PROMPTS["generate"].choices["query_type"]) == set(QUERY_TYPES)
    assert set(PROMPTS["generate"].choices["difficulty"]) == set(DIFFICULTIES)
    assert set(PROMPTS["configure"].choices["query_type"]) == {*QUERY_TYPES, *CODE_TYPES}
    assert set(PROMPTS["code"].choices["query_type"]) == set(CODE_TYPES) - {"translation"}
    assert set(PROMPTS["sts"].choices["score"]) == set(PlanConfig().score)


def draft_for(step: str) -> Draft:
    kind = {"sts": "sts", "bitext": "bitext", "classification": "classification"}.get(step, "retrieval")
    about = code("def f(): pass") if step.startswith("code") else passage()
    facts = {"personas": tuple("abcde"), "query": "q", "positive": "p", "excerpt": "e"}
    return Draft(key="k", passage=about, wish=Wish(kind=kind, score=0.2 if kind == "sts" else None), facts=facts)


@pytest.mark.parametrize("name", [name for name in sorted(STEPS) if name != "classification"])
def test_examples_answer_as_the_schema_wants(name: str) -> None:
    step = STEPS[name]
    assert isinstance(step, AskingStep)
    assert PROMPTS[name].examples
    for example in PROMPTS[name].examples:
        assert mismatch(dict(example.answer), step.schema(draft_for(name))) is None


def test_examples_of_classification_answer_as_the_schema_wants() -> None:
    step = STEPS["classification"]
    assert isinstance(step, AskingStep)
    for example in PROMPTS["classification"].examples:
        label = "x" if example.choices["mode"] == "labelled" else None
        draft = Draft(key="k", passage=passage(label=label), wish=Wish(kind="classification"))
        assert mismatch(dict(example.answer), step.schema(draft)) is None


@pytest.mark.parametrize("domain", DOMAINS)
def test_a_domain_adds_to_every_system_turn_and_nothing_else(domain: str) -> None:
    values = {"sentence": "x", "language": "English", "passage": "p", "title": "t"}
    plain = PROMPTS["sts"].messages(values, {"score": "0.2"}, PROMPTS.domain)
    other = load_prompts(domain)
    told = other["sts"].messages(values, {"score": "0.2"}, other.domain)
    assert plain[1:] == told[1:]
    assert other.domain.strip() in told[0].content
    assert other["sts"].digest != PROMPTS["sts"].digest


def test_values_are_not_read_as_prompts() -> None:
    values = {"sentence": "$language ${score} {x} $$", "language": "German", "passage": "", "title": ""}
    assert "$language ${score} {x} $$" in PROMPTS["sts"].messages(values, {"score": "0.2"}, "")[-1].content


def test_a_changed_prompt_has_another_mark(tmp_path: Path) -> None:
    folder = tmp_path / "prompts"
    shutil.copytree(data_file("prompts"), folder)
    assert load_prompts(folder=folder)["sts"].mark == PROMPTS["sts"].mark
    path = folder / "sts.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("You write pairs", "You make pairs"), encoding="utf-8")
    changed = load_prompts(folder=folder)
    assert changed["sts"].mark != PROMPTS["sts"].mark
    assert changed["code"].mark == PROMPTS["code"].mark
    path.write_text(path.read_text(encoding="utf-8") + "\nuse: x\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="unknown key"):
        load_prompts(folder=folder)
    path.write_text("version: [", encoding="utf-8")
    with pytest.raises(InvalidInputError, match="cannot be read as YAML"):
        load_prompts(folder=folder)


def test_every_kind_and_type_has_an_instruction() -> None:
    assert set(PROMPTS.instructions) == set(KINDS)
    assert PROMPTS.instruction("retrieval", "keywords") != PROMPTS.instruction("retrieval", "summary")
    assert PROMPTS.instruction("retrieval", None) == PROMPTS.instruction("retrieval", "no such type")
