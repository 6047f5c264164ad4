"""Rows are parted: most are trained on, some become judged queries that tell whether training helped.

Rows about the same passage, or with the same query, stay on one side, so that nothing judged was seen in training.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TextIO

from embedrank.core.errors import ConfigError, DatasetError, StorageError
from embedrank.training.rows import TrainingRow, plain_fields

TRAIN, JUDGED = "rows.jsonl", "judged"
DEV, GATE = "dev", "gate"
_PLACES: Final = 1 << 32
_MOST: Final = 0.2  # of the rows, in each split
_MARGIN: Final = 3  # rows held out for each query wanted: several of one passage give one query


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldOutConfig:
    """How much is held out.

    Attributes:
        share: Share of rows for each of the two splits; up to a fifth where that leaves too few queries.
        max_queries: Most queries of a split.
        min_queries: Fewest queries of a split; with fewer, figures are noise.
        max_documents: Most documents that stand beside the right ones.
    """

    share: float = 0.1
    max_queries: int = 300
    min_queries: int = 20
    max_documents: int = 20_000

    def __post_init__(self) -> None:
        if not 0 < self.share <= _MOST:
            raise ConfigError("HoldOutConfig", "share", self.share, f"must be above 0 and at most {_MOST}")
        if not 1 <= self.min_queries <= self.max_queries:
            raise ConfigError("HoldOutConfig", "min_queries", self.min_queries, "must be within 1..max_queries")
        if self.max_documents < 0:
            raise ConfigError("HoldOutConfig", "max_documents", self.max_documents, "must be 0 or more")


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouped:
    """A row with what it belongs to.

    Attributes:
        row: A training row.
        group: Name of what must stay on one side: the document it was made from, or its query.
        passage: Id of the passage it was made from; None where it was not made from one.
    """

    row: TrainingRow
    group: str
    passage: str | None = None


@dataclass(slots=True, kw_only=True)
class Parted:
    """Where the parts are.

    Attributes:
        train: File of the rows to train on.
        judged: BEIR folder of the rest, splits `dev` and `gate`.
        counts: Rows of `train`, queries of `dev` and of `gate`, and of `beyond`, which are in none: there were enough
            queries, or one of the same passage already.
        num_documents: Documents of the BEIR folder.
    """

    train: Path
    judged: Path
    counts: dict[str, int] = field(default_factory=lambda: {"train": 0, DEV: 0, GATE: 0, "beyond": 0})
    num_documents: int = 0

    @classmethod
    def expected_in(cls, folder: Path) -> Parted:
        """Where the parts will be once they are made, with no counts yet."""
        return cls(train=folder / TRAIN, judged=folder / JUDGED)


def hold_out(
    rows: Iterable[Grouped], num_rows: int, corpus: Iterable[tuple[str, str]], folder: Path, config: HoldOutConfig
) -> Parted:
    """Part rows, and write the parts.

    Args:
        rows: All rows.
        num_rows: About how many they are; decides how large a share is held out.
        corpus: Id and text of every passage; those that judged queries were made from are left out where the right
            document of the query is another text, such as the passage without the sentence that is the query.
        folder: Where to write.
        config: How much to hold out.

    Returns:
        The parts.

    Raises:
        DatasetError: If too few rows are there to hold some out.
        StorageError: If the parts cannot be written.
    """
    share = _share(num_rows, config)
    parted, judged = Parted.expected_in(folder), _Judged()
    try:
        (parted.judged / "qrels").mkdir(parents=True, exist_ok=True)
        with parted.train.open("w", encoding="utf-8") as train:
            for each in rows:
                split = _split_of(each.group, share)
                if split is None:
                    parted.counts["train"] += 1
                    train.write(json.dumps(plain_fields(each.row), ensure_ascii=False) + "\n")
                elif parted.counts[split] < config.max_queries and not judged.has(each.passage):
                    parted.counts[split] += 1
                    judged.add(split, each)
                else:
                    parted.counts["beyond"] += 1
        _check(parted, folder, config)
        parted.num_documents = judged.write(parted.judged, corpus, config.max_documents)
    except OSError as error:
        raise StorageError(folder, f"rows not written: {error}") from error
    return parted


def _share(num_rows: int, config: HoldOutConfig) -> float:
    """Of a small set a larger share, so that figures mean something; of a large one as much as is asked for."""
    wanted = max(config.share, _MARGIN * config.min_queries / max(1, num_rows))
    return min(wanted, _MOST, config.max_queries / max(1, num_rows))


def _split_of(group: str, share: float) -> str | None:
    place = int.from_bytes(hashlib.blake2b(group.encode(), digest_size=4).digest(), "big") / _PLACES
    return DEV if place < share else GATE if place < 2 * share else None


def _check(parted: Parted, folder: Path, config: HoldOutConfig) -> None:
    fewest = min(parted.counts[DEV], parted.counts[GATE])
    if fewest < config.min_queries:
        told = f"{sum(parted.counts.values())} rows leave {fewest} judged queries in a split"
        raise DatasetError(folder, f"{told}, fewer than {config.min_queries} (give more documents or rows)")


class _Judged:
    """Judged queries, and the texts that answer them."""

    def __init__(self) -> None:
        self._queries: dict[str, str] = {}
        self._qrels: dict[str, list[tuple[str, str]]] = {DEV: [], GATE: []}
        self._answers: dict[str, str] = {}  # text to id
        self._passages: set[str] = set()

    def has(self, passage: str | None) -> bool:
        """Whether a query was made from this passage; a second would find the first one's answer too."""
        return passage in self._passages

    def add(self, split: str, each: Grouped) -> None:
        query = f"{split}-{len(self._queries)}"
        self._queries[query] = each.row.query
        for text in each.row.positives:
            self._qrels[split].append((query, self._answers.setdefault(text, f"answer-{len(self._answers)}")))
        if each.passage is not None:
            self._passages.add(each.passage)

    def write(self, folder: Path, corpus: Iterable[tuple[str, str]], most: int) -> int:
        """The BEIR folder; returns its number of documents."""
        count = 0
        with ExitStack() as stack:
            documents, queries = (
                stack.enter_context((folder / name).open("w", encoding="utf-8"))
                for name in ("corpus.jsonl", "queries.jsonl")
            )
            for name, text in self._documents(corpus, most):
                _write(documents, name, text)
                count += 1
            for name, text in self._queries.items():
                _write(queries, name, text)
        for split, judgements in self._qrels.items():
            lines = ["query-id\tcorpus-id\tscore", *(f"{query}\t{name}\t1" for query, name in judgements)]
            (folder / "qrels" / f"{split}.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
        return count

    def _documents(self, corpus: Iterable[tuple[str, str]], most: int) -> Iterator[tuple[str, str]]:
        yield from ((name, text) for text, name in self._answers.items())
        others = 0
        for name, text in corpus:
            if others == most:
                return
            if name not in self._passages and text not in self._answers:
                others += 1
                yield f"passage-{name}", text


def _write(file: TextIO, name: str, text: str) -> None:
    file.write(json.dumps({"_id": name, "text": text}, ensure_ascii=False) + "\n")
