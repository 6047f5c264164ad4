"""How much of an evaluation set stands in what a model was trained on, told before any number is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from embedrank.core.beir_files import read_objects
from embedrank.core.errors import DatasetError
from embedrank.core.evaluation_set import EvaluationSet, read_evaluation_set, text_digest, window_hashes

WINDOW: Final = 50
"""Characters, letters and digits only, of the runs that are compared; fewer in East Asian scripts."""
MAX_OVERLAP: Final = 0.3
"""Share of a training text's runs from which on it counts as taken from the set."""
_TEXT_FIELDS: Final = ("query", "text", "sentence1", "sentence2")
_LIST_FIELDS: Final = ("positives", "negatives")


@dataclass(frozen=True, slots=True, kw_only=True)
class Contamination:
    """What one set and the training rows share.

    Attributes:
        name: Of the set's folder.
        num_queries: Different queries (or texts) of the set.
        num_known_queries: Those that stand in the rows, but for case, white space and punctuation.
        num_documents: Different relevant documents of the set, each with and without its title.
        num_known_documents: Those that stand in the rows.
        num_rows: Training rows looked at.
        num_rows_alike: Rows with a text of the set, or one that shares more than `MAX_OVERLAP` of its runs with it.
    """

    name: str
    num_queries: int
    num_known_queries: int
    num_documents: int
    num_known_documents: int
    num_rows: int
    num_rows_alike: int

    @property
    def sentence(self) -> str:
        """For a reader of the figures."""
        if not self.num_rows_alike:
            return f"{self.name}: none of {self.num_rows} training rows holds a text of it"
        return (
            f"{self.name}: {self.num_known_queries} of {self.num_queries} queries and {self.num_known_documents} of "
            f"{self.num_documents} relevant texts stand in the training rows; {self.num_rows_alike} of {self.num_rows} "
            "rows hold texts of it, whole or in part"
        )

    def as_json(self) -> dict[str, object]:
        """All counts."""
        return asdict(self)


def contamination(rows: Path, folders: Iterable[Path]) -> list[Contamination]:
    """Hold training rows against evaluation sets; the rows are read once and none is kept.

    Args:
        rows: A jsonl file of training rows (`query`, `positives`, `negatives`), or of pairs or texts; may be gzipped.
        folders: Evaluation folders; of each all splits but `train` are looked at.

    Returns:
        One finding for each folder.

    Raises:
        DatasetError: If a file cannot be used, or a row has no text.
    """
    tallies = [_Tally(read_evaluation_set(folder, WINDOW)) for folder in folders]
    num_rows = 0
    for line, row in read_objects(rows):
        num_rows += 1
        texts = dict.fromkeys(_texts(row))
        if not texts:
            wanted = ", ".join((*_TEXT_FIELDS, *_LIST_FIELDS))
            raise DatasetError(rows, f"has none of the fields {wanted} (there are {', '.join(row)})", line=line)
        parts = [(text_digest(text), window_hashes(text, WINDOW)) for text in texts]
        for tally in tallies:
            alike = [tally.known.has(digest) or tally.known.overlap(runs) > MAX_OVERLAP for digest, runs in parts]
            tally.num_rows += any(alike)
            tally.found.update(digest for (digest, _), same in zip(parts, alike, strict=True) if same)
    return [tally.finding(num_rows) for tally in tallies]


class _Tally:
    """What was found of one set so far."""

    def __init__(self, known: EvaluationSet) -> None:
        self.known = known
        self.num_rows = 0
        self.found: set[int] = set()

    def finding(self, num_rows: int) -> Contamination:
        known_queries = self.found.intersection(self.known.queries.tolist())
        known_documents = self.found.intersection(self.known.documents.tolist())
        return Contamination(
            name=self.known.name,
            num_queries=len(self.known.queries),
            num_known_queries=len(known_queries),
            num_documents=len(self.known.documents),
            num_known_documents=len(known_documents),
            num_rows=num_rows,
            num_rows_alike=self.num_rows,
        )


def _texts(row: dict[str, object]) -> Iterator[str]:
    for name in _TEXT_FIELDS:
        if isinstance(value := row.get(name), str) and value.strip():
            yield value
    for name in _LIST_FIELDS:
        if isinstance(values := row.get(name), list):
            yield from (value for value in values if isinstance(value, str) and value.strip())
