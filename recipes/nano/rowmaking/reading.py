"""Read the data folder: licences, jsonl files, BEIR corpora, queries and qrels."""

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import IO, Any

Record = dict[str, Any]


def open_text(path: Path) -> IO[str]:
    """Open a plain or gzipped UTF-8 text file for reading."""
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8")
    return path.open(encoding="utf-8")


def read_jsonl(path: Path) -> Iterator[Record]:
    """Yield one record per non-empty line."""
    with open_text(path) as lines:
        for line in lines:
            if line.strip():
                yield json.loads(line)


def read_qrels(path: Path) -> Iterator[tuple[str, str, int]]:
    """Yield (query id, document id, score) of a BEIR qrels file with a header line."""
    with open_text(path) as lines:
        next(lines, None)
        for line in lines:
            query_id, document_id, score = line.rstrip("\n").split("\t")
            yield query_id, document_id, int(float(score))


def stem_of(path: Path) -> str:
    """Return the file name without `.gz` and its data suffix (`train.zh.tsv.gz` -> `train.zh`)."""
    return path.name.removesuffix(".gz").rsplit(".", 1)[0]


def split_files(folder: Path, *, suffix: str) -> dict[str, Path]:
    """Map split names to files of one suffix in a folder, sorted by name."""
    found = {stem_of(p): p for p in folder.glob(f"*{suffix}*") if p.name != "SOURCE.md"}
    return dict(sorted(found.items()))


def document_text(document: Record) -> str:
    """Join title and text the way the evaluation does."""
    title, text = str(document.get("title") or ""), str(document["text"])
    return f"{title}\n{text}" if title else text


def read_licences(data: Path) -> dict[str, str]:
    """Return the licence column of the table in the data folder's README, by set name."""
    licences: dict[str, str] = {}
    for line in (data / "README.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and (data / cells[0]).is_dir():
            licences[cells[0]] = cells[-1]
    return licences


def is_open(licence: str) -> bool:
    """Tell whether a licence cell of the README allows redistribution."""
    return licence.split()[:1] == ["open"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BeirSet:
    """One retrieval set: documents and queries by id, qrels files by split."""

    corpus: dict[str, Record]
    queries: dict[str, Record]
    qrels: dict[str, Path]

    def eval_positive_ids(self) -> set[str]:
        """Return ids of the documents relevant to a query of any split that is not `train`."""
        files = [path for split, path in self.qrels.items() if not is_train(split)]
        return {d for path in files for _, d, score in read_qrels(path) if score > 0}


def is_train(split: str) -> bool:
    """Tell whether a split name is a training split (`train`, `train.zh`, `train_code2code.go`)."""
    return split.split(".")[0].split("_")[0] == "train"


@lru_cache(maxsize=2)
def load_beir(folder: Path) -> BeirSet:
    """Load a BEIR folder whole."""
    corpus = {str(r["_id"]): r for r in read_jsonl(locate(folder, "corpus"))}
    queries = {str(r["_id"]): r for r in read_jsonl(locate(folder, "queries"))}
    return BeirSet(corpus=corpus, queries=queries, qrels=split_files(folder / "qrels", suffix=".tsv"))


def locate(folder: Path, stem: str) -> Path:
    """Find `stem.jsonl` or `stem.jsonl.gz` in a folder.

    Raises:
        FileNotFoundError: Neither is there.
    """
    for suffix in (".jsonl", ".jsonl.gz"):
        if (path := folder / f"{stem}{suffix}").exists():
            return path
    raise FileNotFoundError(folder / f"{stem}.jsonl[.gz]")
