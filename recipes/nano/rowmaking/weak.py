"""Weak pairs from documents alone: title to body, and a sentence to the rest of its passage."""

import random
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from rowmaking.contamination import EvalTexts
from rowmaking.reading import Record, load_beir
from rowmaking.row import Candidate, Row, tidy_prose
from rowmaking.sentences import is_long_enough, sentences_of
from rowmaking.source import Source
from rowmaking.supervised import new_row

MIN_CHARS = 20
MIN_CHARS_CJK = 8
MAX_SENTENCE_CHARS = 300
MAX_ROWS_PER_TITLE = 3
SPAN_SHARE = 0.3  # of the crops: one run of sentences against another run


def free_documents(folder: Path, eval_texts: EvalTexts) -> tuple[list[Record], int]:
    """Return the documents that no evaluation query of any set points to, and how many were left out.

    Args:
        folder: BEIR folder of the set.
        eval_texts: Evaluation texts of all sets, to find copies of their documents under other ids.
    """
    beir = load_beir(folder)
    barred = beir.eval_positive_ids()
    free = [d for key, d in beir.corpus.items() if key not in barred and not eval_texts.holds_document(d)]
    return free, len(beir.corpus) - len(free)


def title_rows(source: Source, documents: Iterable[Record]) -> Iterator[Candidate]:
    """Yield (title, body) of documents whose title says something else than the text."""
    used: Counter[str] = Counter()
    for document in documents:
        title, text = str(document.get("title") or ""), str(document["text"])
        used[title] += 1
        if not title or title.strip() == text.strip():
            yield "no_title"
        elif used[title] > MAX_ROWS_PER_TITLE:
            yield "title_used_enough"
        else:
            yield new_row(source, title, [text], lang=str(document.get("lang") or ""))


def crop_rows(source: Source, documents: Iterable[Record]) -> Iterator[Row]:
    """Yield several (sentence or span, rest or other span) pairs a document."""
    for document in documents:
        rng = random.Random(f"{source.name}:{document['_id']}")
        title = str(document.get("title") or "")
        sentences = sentences_of(tidy_prose(str(document["text"])))
        picked = [i for i, s in enumerate(sentences) if _is_telling(s)]
        rng.shuffle(picked)
        for index in picked[: source.per_document] if len(sentences) > 1 else []:
            span = len(sentences) > 3 and rng.random() < SPAN_SHARE
            pair = _span_pair(sentences, index) if span else _rest_pair(sentences, index)
            body = f"{title}\n{pair[1]}" if title and rng.random() < 0.5 else pair[1]
            yield new_row(source, pair[0], [body], lang=str(document.get("lang") or ""))


def _is_telling(sentence: str) -> bool:
    long_enough = is_long_enough(sentence, least=MIN_CHARS, least_cjk=MIN_CHARS_CJK)
    return long_enough and len(sentence) <= MAX_SENTENCE_CHARS


def _rest_pair(sentences: list[str], index: int) -> tuple[str, str]:
    return sentences[index], _join(sentences[:index] + sentences[index + 1 :])


def _span_pair(sentences: list[str], index: int) -> tuple[str, str]:
    """Pair a run of two sentences around `index` with the longer side left of or right of it."""
    start = min(index, len(sentences) - 2)
    before, after = sentences[:start], sentences[start + 2 :]
    other = before if len(before) > len(after) else after
    return _join(sentences[start : start + 2]), _join(other)


def _join(sentences: list[str]) -> str:
    text = " ".join(sentences)
    return re.sub(r"(?<=[。！？；、\u3040-\u30ff\u3400-\u9fff]) ", "", text)
