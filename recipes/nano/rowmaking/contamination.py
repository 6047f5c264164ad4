"""Fingerprints of every text that an evaluation split uses, and the test of a row against them."""

from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path

from embedrank.core.same_text import folded
from rowmaking.reading import (
    Record,
    document_text,
    is_train,
    load_beir,
    read_jsonl,
    read_qrels,
    split_files,
)
from rowmaking.row import Row, tidy_prose
from rowmaking.sentences import is_long_enough, sentences_of

MIN_SHARED_CHARS = 50  # shorter sentences are shared by chance
MIN_SHARED_CHARS_CJK = 20
PAIR_FIELDS = ("sentence1", "sentence2", "text")


def fingerprint(text: str) -> bytes:
    """Return a 64-bit hash of the folded text."""
    return blake2b(folded(text).encode(), digest_size=8).digest()


class EvalTexts:
    """Fingerprints of evaluation queries and of the documents relevant to them."""

    def __init__(self) -> None:
        self.queries: set[bytes] = set()
        self.documents: set[bytes] = set()
        self.sentences: set[bytes] = set()  # long ones of the documents

    def add_document(self, document: Record) -> None:
        """Add a document, with and without its title."""
        self.documents.add(fingerprint(str(document["text"])))
        self.documents.add(fingerprint(document_text(document)))
        self.sentences.update(_sentence_marks(str(document["text"])))

    def drop_reason(self, row: Row) -> str | None:
        """Name the evaluation text that a row repeats, or None."""
        texts = {"query": [row["query"]], "positive": row["positives"]}
        for side, side_texts in texts.items():
            for mark in map(fingerprint, side_texts):
                if mark in self.queries:
                    return f"{side}_is_eval_query"
                if mark in self.documents:
                    return f"{side}_is_eval_document"
        if row["task"] != "code" and any(self.overlaps(text) for text in row["positives"]):
            return "positive_overlaps_eval_document"
        return None

    def overlaps(self, text: str) -> bool:
        """Tell whether at least half of the long sentences of a text are of evaluation documents."""
        marks = _sentence_marks(text)
        return bool(marks) and sum(m in self.sentences for m in marks) >= len(marks) / 2

    def holds_document(self, document: Record) -> bool:
        """Tell whether a document, with or without its title, repeats an evaluation text."""
        text = str(document["text"])
        return self.holds(text) or self.holds(document_text(document)) or self.overlaps(text)

    def holds(self, text: str) -> bool:
        """Tell whether a text is an evaluation query or document."""
        mark = fingerprint(text)
        return mark in self.queries or mark in self.documents


def _sentence_marks(text: str) -> list[bytes]:
    sentences = sentences_of(tidy_prose(text))
    long = (s for s in sentences if is_long_enough(s, least=MIN_SHARED_CHARS, least_cjk=MIN_SHARED_CHARS_CJK))
    return [fingerprint(sentence) for sentence in long]


def collect_eval_texts(data: Path) -> EvalTexts:
    """Read all splits but `train` of all sets, whatever their licence.

    Args:
        data: The data folder.
    """
    seen = EvalTexts()
    for folder in sorted(p for p in data.iterdir() if p.is_dir()):
        if (folder / "qrels").is_dir():
            _add_retrieval(folder, seen)
        else:
            seen.queries.update(fingerprint(text) for text in _pair_texts(folder))
    return seen


def _add_retrieval(folder: Path, seen: EvalTexts) -> None:
    beir = load_beir(folder)
    for split, path in beir.qrels.items():
        if not is_train(split):
            for query_id in _query_ids(path):
                seen.queries.add(fingerprint(str(beir.queries[query_id]["text"])))
    for document_id in beir.eval_positive_ids():
        seen.add_document(beir.corpus[document_id])


def _query_ids(path: Path) -> set[str]:
    return {query_id for query_id, _, _ in read_qrels(path)}


def _pair_texts(folder: Path) -> Iterator[str]:
    for split, path in split_files(folder, suffix=".jsonl").items():
        if not is_train(split):
            for record in read_jsonl(path):
                yield from (str(record[f]) for f in PAIR_FIELDS if record.get(f))
