"""What a row says of each of its documents goes with it through files, batches and new orders."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from embedrank.core.errors import DatasetError, InvalidInputError
from embedrank.training.data.row_file import RowFile, RowFileWriter
from embedrank.training.mixing import Mixture
from embedrank.training.mixture_config import MixtureConfig
from embedrank.training.rows import TrainingRow, read_rows

GOOD = {
    "task": "retrieval",
    "query": "q",
    "positives": ["p", "r"],
    "negatives": ["n", "m", "o"],
    "source": "s",
    "document_ids": ["1", "2", "3", "4", "5"],
    "teacher_scores": [9.5, 9, -1.5, -2, -3],
}


def read(folder: Path, **changes: object) -> TrainingRow:
    (folder / "rows.jsonl").write_text(json.dumps({**GOOD, **changes}) + "\n")
    (row,) = read_rows(folder / "rows.jsonl")
    return row


def of_documents(row: TrainingRow) -> dict[str, tuple[str, float]]:
    texts = (*row.positives, *row.negatives)
    return dict(zip(texts, zip(row.document_ids, row.teacher_scores, strict=True), strict=True))


def test_ids_and_scores_are_read_stored_and_shuffled_with_their_documents(tmp_path: Path) -> None:
    row = read(tmp_path)
    expected = {"p": ("1", 9.5), "r": ("2", 9), "n": ("3", -1.5), "m": ("4", -2), "o": ("5", -3)}
    assert of_documents(row) == expected
    with RowFileWriter(tmp_path / "stored") as writer:
        writer.add(row)
        digest = writer.close()
    assert RowFile(tmp_path / "stored", digest=digest)[0] == row
    assert of_documents(row.reordered([1], [2, 0])) == {key: expected[key] for key in ("r", "o", "n")}
    mixture = Mixture({"s": [row]}, MixtureConfig(batch_size=1, shuffle_texts=True))
    batches = [mixture.next_batch()[0] for _ in range(12)]
    assert len({batch.negatives for batch in batches}) > 1
    assert all(of_documents(batch) == expected for batch in batches)


def test_documents_cannot_change_without_what_belongs_to_them(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="5 document_ids for 3 documents of a row of 's'"):
        replace(read(tmp_path), negatives=("another",))


def test_other_negatives_keep_the_ids_of_those_that_stay(tmp_path: Path) -> None:
    mined = read(tmp_path).with_negatives(["new", "m"])
    assert (mined.negatives, mined.document_ids, mined.teacher_scores) == (("new", "m"), ("1", "2", "new", "4"), ())
    assert read(tmp_path, document_ids=None).with_negatives(["new"]).document_ids == ()


def test_identities_are_ids_or_else_texts(tmp_path: Path) -> None:
    assert read(tmp_path).identities == ("1", "2", "3", "4", "5")
    assert read(tmp_path, document_ids=None).identities == ("p", "r", "n", "m", "o")


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"document_ids": ["1"]}, "document_ids must be one for each positive, then each negative"),
        ({"document_ids": [1, 2, 3, 4, 5]}, "document_ids must be a list of non-empty strings"),
        ({"teacher_scores": [1.0, 2.0]}, "teacher_scores must be one for each"),
        ({"teacher_scores": [1, 2, 3, 4, True]}, "teacher_scores must be a list of finite numbers"),
        ({"teacher_scores": [1, 2, 3, 4, float("nan")]}, "finite numbers"),
        ({"teacher_scores": 0.5}, "teacher_scores must be a list"),
    ],
)
def test_ids_and_scores_that_do_not_fit_are_refused(changes: dict[str, object], problem: str, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=problem):
        read(tmp_path, **changes)
