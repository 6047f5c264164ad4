"""Rows are complete and typed as their task needs; what passes can be trained on."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from embedrank.synthesis.filters.schema import SHAPES
from embedrank.training.rows import TrainingRow, checked_row
from embedrank.training.tasks import TASKS
from tests.synthesis.filters.drafts import draft, made, verdict

SOUND = {
    "retrieval": draft(negatives=("The wolf hunts deer.",)),
    "sts": draft("a lynx", "a wild cat", task="sts", score=0.6),
    "classification": draft("my card is lost", "lost_card", task="classification", negatives=("card_arrival",)),
    "bitext": draft("der Luchs", "the lynx", task="bitext", lang="de"),
    "clustering": draft("a lynx", "a wild cat", task="clustering"),
    "code": draft("adds two numbers", "def add(a, b): return a + b", task="code"),
}


def test_all_tasks_of_training_have_a_shape() -> None:
    assert set(SHAPES) == set(TASKS) == set(SOUND)


@pytest.mark.parametrize("task", TASKS)
def test_a_sound_row_passes_and_training_takes_it(task) -> None:
    assert verdict(made("schema"), SOUND[task]).keep
    fields = {
        name: list(value) if isinstance(value, tuple) else value for name, value in asdict(SOUND[task].row).items()
    }
    assert isinstance(checked_row(fields), TrainingRow)


@pytest.mark.parametrize(
    ("reason", "changes"),
    [
        ("unknown task", {"task": "riddles"}),
        ("no query", {"query": " \n"}),
        ("no query", {"query": None}),
        ("blank negative", {"negatives": ("",)}),
        ("damaged characters", {"query": "half a pair \ud83d"}),
        ("damaged characters", {"query": "what is na\ufffdve"}),
        ("negatives repeat", {"negatives": ("A wolf.", "a  WOLF.")}),
        ("negative is the query", {"query": "a wolf", "negatives": ("A wolf",)}),
        ("score where there is none", {"score": 1.0}),
        ("no score", {"task": "sts"}),
        ("score is no number", {"task": "sts", "score": "high"}),
        ("score out of range", {"task": "sts", "score": 4.0}),
        ("score out of range", {"task": "sts", "score": float("nan")}),
        ("too few negatives", {"task": "classification"}),
    ],
)
def test_an_unsound_row_goes_with_its_reason(reason, changes) -> None:
    assert verdict(made("schema"), draft(**changes)).reason == reason


def test_texts_on_both_sides_are_refused() -> None:
    judge = made("schema")
    assert verdict(judge, draft("x", "a", negatives=("A",))).reason == "negative is a positive"
    assert verdict(judge, draft("The Lynx", "the  lynx")).reason == "query is its positive"
    assert verdict(judge, draft("the lynx", "the lynx", task="sts", score=1.0)).keep
    assert verdict(judge, draft("x", " ")).reason == "no positive"


def test_more_negatives_may_be_asked_for_but_not_of_graded_pairs() -> None:
    judge = made("schema", min_negatives=2)
    assert verdict(judge, draft(negatives=("one",))).reason == "too few negatives"
    assert verdict(judge, draft(negatives=("one", "two"))).keep
    assert verdict(judge, SOUND["sts"]).keep
