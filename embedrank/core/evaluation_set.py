"""What an evaluation set holds, in a form that rows can be held against: hashes of texts, and of their parts.

N characters of a folded text, G windows in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from embedrank.core.beir_files import data_path, read_corpus, read_objects, read_qrels, read_queries
from embedrank.core.errors import DatasetError
from embedrank.core.same_text import Digests, digest, folded
from embedrank.core.scripts import EAST_ASIAN
from embedrank.core.types import joined_text

_PAIR_FIELDS: Final = ("sentence1", "sentence2", "text")
_FACTOR: Final = 0x9E3779B97F4A7C15  # odd: the windows' polynomial is taken modulo 2^64
_DENSE: Final = re.compile(f"[{EAST_ASIAN}]")
_DENSE_SHARE: Final = 0.4  # of the characters of a window, where each of them says as much as several letters


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationSet:
    """The queries of a set and the documents that answer them, in 8 bytes a text and 8 bytes a window.

    Attributes:
        name: Of its folder.
        queries: Digests of queries, sorted.
        documents: Digests of documents, with and without title, sorted.
        windows: Hashes of all runs of so many characters of either, sorted.
    """

    name: str
    queries: Digests
    documents: Digests
    windows: Digests

    def has(self, text_digest: int) -> bool:
        """Whether a query or a document has this digest."""
        own = np.array([text_digest], dtype=np.uint64)
        return bool(_is_in(own, self.queries)[0] or _is_in(own, self.documents)[0])

    def overlap(self, windows_G: Digests) -> float:
        """How much of a text stands in the set.

        Args:
            windows_G: Uint64 `[G]`, its `window_hashes` of the size that the set was read with.

        Returns:
            Share of them in 0..1 that the set has too; 0 for a text shorter than a window.
        """
        return float(_is_in(windows_G, self.windows).mean()) if len(windows_G) else 0.0


def read_evaluation_set(folder: Path, size: int) -> EvaluationSet:
    """Read a folder, all its splits but `train`.

    Args:
        folder: A BEIR folder, or one of pair or classification files `<split>.jsonl`.
        size: Characters of a window.

    Returns:
        What its evaluation uses: of a BEIR folder the queries with judgements and the documents judged relevant.

    Raises:
        DatasetError: If it is none, holds nothing but `train`, or is malformed.
    """
    texts = _beir_texts(folder) if (folder / "qrels").is_dir() else _pair_texts(folder)
    digests: dict[bool, list[int]] = {True: [], False: []}
    windows: list[Digests] = []
    for is_query, text in texts:
        digests[is_query].append(text_digest(text))
        windows.append(np.unique(window_hashes(text, size)))
    if not digests[True]:
        raise DatasetError(folder, "holds no split for evaluation (splits named `train` are not looked at)")
    return EvaluationSet(
        name=folder.name,
        queries=np.unique(np.array(digests[True], dtype=np.uint64)),
        documents=np.unique(np.array(digests[False], dtype=np.uint64)),
        windows=np.unique(np.concatenate(windows)),
    )


def text_digest(text: str) -> int:
    """A number that is equal for texts that differ in case, white space and punctuation only."""
    return digest(folded(text))


def _is_in(wanted: Digests, known: Digests) -> npt.NDArray[np.bool_]:
    """Which of some numbers are among sorted ones."""
    if not len(known):
        return np.zeros(len(wanted), dtype=np.bool_)
    places = np.searchsorted(known, wanted)
    found: npt.NDArray[np.bool_] = known[np.minimum(places, len(known) - 1)] == wanted
    return found


def window_hashes(text: str, size: int) -> Digests:
    """One hash for each run of characters of a text.

    Args:
        text: Any text; case, white space and punctuation do not count.
        size: Characters of a run; fewer in East Asian scripts, which say more with each.

    Returns:
        Uint64 `[G]`; empty for a text that is shorter than a run.
    """
    form = folded(text)
    if len(_DENSE.findall(form)) > len(form) / 2:
        size = max(1, round(size * _DENSE_SHARE))
    codes_N = np.frombuffer(form.encode("utf-32-le", errors="surrogatepass"), dtype=np.uint32).astype(np.uint64)
    if len(codes_N) < size:
        return np.empty(0, dtype=np.uint64)
    hashes_G = np.zeros(len(codes_N) - size + 1, dtype=np.uint64)
    for place in range(size):  # Horner's rule for all windows at once
        hashes_G = hashes_G * np.uint64(_FACTOR) + codes_N[place : place + len(hashes_G)]
    return hashes_G


def _beir_texts(folder: Path) -> Iterator[tuple[bool, str]]:
    queries: set[str] = set()
    documents: set[str] = set()
    for path in sorted(folder.glob("qrels/*.tsv*")):
        if not _is_train(path):
            for query, grades in read_qrels(path).items():
                queries.add(query)
                documents.update(document for document, grade in grades.items() if grade > 0)
    for asked in read_queries(data_path(folder, "queries.jsonl")):
        if asked.id in queries:
            yield True, asked.text
    for found in read_corpus(data_path(folder, "corpus.jsonl")):
        if found.id in documents:
            yield False, found.text
            if found.title:
                yield False, joined_text(found.title, found.text)


def _pair_texts(folder: Path) -> Iterator[tuple[bool, str]]:
    for path in sorted([*folder.glob("*.jsonl"), *folder.glob("*.jsonl.gz")]):
        if not _is_train(path):
            for _, fields in read_objects(path):
                yield from ((True, str(fields[name])) for name in _PAIR_FIELDS if fields.get(name))


def _is_train(path: Path) -> bool:
    """Whether a file is of a split to train on: `train`, `train.zh`, `train_code2code.go`."""
    return path.name.split(".")[0].split("_")[0] == "train"
