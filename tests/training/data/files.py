"""Small files of training data in every format."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from embedrank.training.data.reading import read_source
from embedrank.training.data.record import Malformed
from embedrank.training.data.source import SourceConfig
from embedrank.training.rows import TrainingRow

ROWS = [
    {"task": "retrieval", "query": f"q{n}", "positives": [f"p{n}", f"梵{n}"], "negatives": [f"n{n}"], "source": "s"}
    for n in range(5)
]


def write_jsonl(path: Path, rows: Iterable[Mapping[str, Any]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def rows_of(*files: Path, **settings: Any) -> list[TrainingRow]:
    found = [row for _, row in read_source(SourceConfig(files=[str(file) for file in files], **settings))]
    faults = [row for row in found if isinstance(row, Malformed)]
    assert not faults, faults
    return found  # type: ignore[return-value]


def write_beir(folder: Path, qrels: Mapping[str, Mapping[str, int]]) -> Path:
    documents = [{"_id": f"d{n}", "title": "T" if n % 2 else "", "text": f"text {n}"} for n in range(6)]
    write_jsonl(folder / "corpus.jsonl", documents)
    write_jsonl(folder / "queries.jsonl", [{"_id": f"q{n}", "text": f"query {n}"} for n in range(4)])
    lines = [f"{query}\t{name}\t{grade}\n" for query, grades in qrels.items() for name, grade in grades.items()]
    (folder / "qrels").mkdir()
    (folder / "qrels" / "train.tsv").write_text("query-id\tcorpus-id\tscore\n" + "".join(lines))
    return folder
