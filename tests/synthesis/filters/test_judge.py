"""A language model grades rows by a rubric; every answer it may give is accounted for."""

from __future__ import annotations

import json

import pytest

from embedrank.core.errors import GeneratorStoppedError
from embedrank.core.generation import Completion, Failure
from embedrank.synthesis.filters.needs import FilterNeeds
from embedrank.synthesis.filters.rubric import rubric_for
from tests.synthesis.filters.drafts import draft, made, reasons

GOOD = {"answers": 5, "stands_alone": 4, "natural": 4}


class Judge:
    """Gives its answers in order and keeps what it was asked."""

    name = "judge-32b"

    def __init__(self, *answers) -> None:
        self._answers = list(answers)
        self.requests = []

    def generate(self, requests):
        self.requests += requests
        given = [self._answers.pop(0) for _ in requests]
        return [
            answer
            if isinstance(answer, Failure)
            else Completion(text=answer if isinstance(answer, str) else json.dumps(answer))
            for answer in given
        ]

    def close(self) -> None:
        pass


def judging(*answers, **settings):
    judge = Judge(*answers)
    return made("judge", FilterNeeds(generator=judge), **settings), judge


def test_grades_decide() -> None:
    judge, _ = judging(GOOD, {**GOOD, "answers": 2}, {**GOOD, "answers": 3, "stands_alone": 3})
    said = judge.judge([draft(), draft(), draft()])
    assert [verdict.reason for verdict in said] == ["", "judged bad", "judged mediocre"]
    assert said[0].figures == {"judge_answers": 5, "judge_stands_alone": 4, "judge_natural": 4}
    assert said[1].detail == "answers 2"
    assert said[2].detail == "mean 3.33"


@pytest.mark.parametrize(
    "answer",
    [
        "Here you are:\n```json\n" + json.dumps({**GOOD, "why": "fine"}) + "\n```",
        json.dumps({name: str(grade) for name, grade in GOOD.items()}),
        json.dumps({name: float(grade) for name, grade in GOOD.items()}),
    ],
)
def test_answers_that_can_be_read_are_read(answer) -> None:
    judge, _ = judging(answer)
    assert reasons(judge, [draft()]) == [""]


@pytest.mark.parametrize(
    "answer",
    ["", "It is good.", "{", "[5, 4, 4]", json.dumps({"answers": 5}), json.dumps({**GOOD, "natural": 6})]
    + [json.dumps({**GOOD, "natural": bad}) for bad in (True, None, "good", 4.5, 0, [5])],
)
def test_answers_that_cannot_be_read_drop_the_row(answer) -> None:
    judge, _ = judging(answer)
    assert reasons(judge, [draft()]) == ["judge's answer is unreadable"]


def test_no_answer_drops_the_row_and_a_spent_budget_stops_the_run() -> None:
    judge, _ = judging(Failure(reason="timeout", detail="60 s"))
    assert reasons(judge, [draft()]) == ["judge gave no answer"]
    judge, _ = judging(GOOD, Failure(reason="budget", detail="5 USD", is_final=False))
    with pytest.raises(GeneratorStoppedError, match=r"judge-32b answers no more: budget: 5 USD"):
        judge.judge([draft(), draft()])


def test_the_judge_sees_the_row_and_the_rubric_and_answers_by_schema() -> None:
    judge, asked = judging({**GOOD, "wrong_are_wrong": 5}, max_chars=30)
    judge.judge([draft("why $100 {costs}", "The answer. " * 9, key="k1", negatives=("A wrong one.",))])
    (request,) = asked.requests
    said = request.messages[-1].content
    assert request.key == "k1/judge"
    assert "why $100 {costs}" in said and "- A wrong one." in said
    assert "The answer. The answer. The an\n" in said
    assert list(request.schema["properties"]) == [*GOOD, "wrong_are_wrong", "why"]
    assert all(f'"{name}"' in said and f"- {name}: " in said for name in (*GOOD, "wrong_are_wrong"))
    assert request.temperature == 0


def test_all_rows_of_a_block_are_asked_about_at_once_and_tasks_without_rubric_not() -> None:
    judge, asked = judging(GOOD, GOOD)
    assert reasons(judge, [draft(), draft("a", "b", task="clustering"), draft()]) == ["", "", ""]
    assert len(asked.requests) == 2


@pytest.mark.parametrize("task", ["retrieval", "code", "bitext", "sts", "classification"])
def test_every_task_that_is_made_has_a_rubric(task) -> None:
    rubric = rubric_for(draft("q", "d", task=task).row)
    assert rubric is not None and len(rubric.criteria) >= 2


def test_graded_pairs_are_judged_with_their_score() -> None:
    judge, asked = judging({"right_score": 5, "fluent": 5})
    judge.judge([draft("a", "b", task="sts", score=0.4)])
    assert "the similarity 0.4" in asked.requests[0].messages[-1].content
