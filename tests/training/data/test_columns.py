"""Foreign columns become rows; a column that nobody asked for is an error."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from embedrank.training.data.columns import LAYOUTS
from embedrank.training.data.reading import read_source
from embedrank.training.data.record import Malformed
from embedrank.training.data.source import SourceConfig
from tests.training.data.files import rows_of, write_jsonl

EXAMPLES = {
    "rows": ({"task": "code", "query": "q", "positives": ["p"], "lang": None}, ("code", ("p",), ())),
    "anchor": ({"anchor": "q", "positive": "p", "negative": "n"}, ("retrieval", ("p",), ("n",))),
    "query_positive": ({"query": "q", "positive": ["p", "r"], "negative": None}, ("retrieval", ("p", "r"), ())),
    "pos_neg": ({"query": "q", "pos": ["p"], "neg": ["n", "m"]}, ("retrieval", ("p",), ("n", "m"))),
    "question_answer": ({"question": "q", "answer": "p", "source": "x"}, ("retrieval", ("p",), ())),
    "scored_pair": ({"sentence1": "q", "sentence2": "p", "score": 4.2}, ("sts", ("p",), ())),
    "labelled_text": ({"text": "q", "label": "p"}, ("classification", ("p",), ())),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_each_layout_is_recognised(layout: str, tmp_path: Path) -> None:
    record, expected = EXAMPLES[layout]
    (row,) = rows_of(write_jsonl(tmp_path / "a.jsonl", [record]))
    assert (row.task, row.positives, row.negatives) == expected
    assert (row.query, row.score) == ("q", record.get("score"))


def test_the_other_labels_of_a_source_are_the_negatives(tmp_path: Path) -> None:
    records = [{"text": f"t{n}", "label": label} for n, label in enumerate(["b", "a", "b", "c"])]
    rows = rows_of(write_jsonl(tmp_path / "a.jsonl", records))
    assert [(row.positives, row.negatives) for row in rows[:2]] == [(("b",), ("a", "c")), (("a",), ("b", "c"))]


def test_numbers_of_classes_become_their_names() -> None:
    datasets = pytest.importorskip("datasets")
    features = datasets.Features({"text": datasets.Value("string"), "label": datasets.ClassLabel(names=["no", "yes"])})
    dataset = datasets.Dataset.from_dict({"text": ["t", "u"], "label": [1, 0]}, features=features)
    rows = [row for _, row in read_source(SourceConfig(dataset=dataset))]
    assert [(row.positives, row.negatives) for row in rows] == [(("yes",), ("no",)), (("no",), ("yes",))]


def test_named_columns_are_used_and_several_may_play_one_role(tmp_path: Path) -> None:
    path = write_jsonl(tmp_path / "a.jsonl", [{"title": "q", "body": "p", "bad1": "n", "bad2": "m", "id": 7}])
    columns = {"query": "title", "positives": "body", "negatives": ["bad1", "bad2"]}
    (row,) = rows_of(path, columns=columns, ignore=["id"], task="bitext")
    assert (row.query, row.positives, row.negatives, row.task) == ("q", ("p",), ("n", "m"), "bitext")


@pytest.mark.parametrize(
    ("record", "settings", "problem"),
    [
        ({"question": "q", "answer": "p", "id": 1}, {}, r"unknown fields \['id'\]"),
        ({"one": "q", "two": "p"}, {}, "columns one, two are no layout .*anchor, positive"),
        ({"one": "q"}, {"columns": {"query": "one", "positives": "two"}}, "no column two"),
        ({"text": "q", "label": 3}, {}, "label 3 is no text"),
        ({"query": "q", "positives": ["p"]}, {}, "task None"),
        ({"sentence1": "q", "sentence2": "p", "score": "high"}, {}, "score must be a finite number"),
        ({"query": "q", "positive": "p", "lang": 1}, {}, "lang must be a string"),
    ],
)
def test_what_is_not_understood_is_told(
    record: dict[str, Any], settings: dict[str, Any], problem: str, tmp_path: Path
) -> None:
    path = write_jsonl(tmp_path / "a.jsonl", [record])
    ((name, row),) = read_source(SourceConfig(files=[str(path)], **settings))
    assert isinstance(row, Malformed)
    assert (name, row.line) == (str(path), 1)
    assert re.search(problem, row.problem)
