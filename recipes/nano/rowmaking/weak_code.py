"""Weak pairs from code alone: name to function, signature to body, comment to code."""

import random
import re
from collections.abc import Iterable, Iterator

from rowmaking.reading import Record
from rowmaking.row import Row
from rowmaking.source import Source
from rowmaking.supervised import new_row

COMMENT = re.compile(r"^\s*(?:#+|//+!?|--)\s*(.+)$")
COMMENTED_OUT = re.compile(
    r"[;{}=]|[:,(]$|^\w+\(|^(?:if|for|while|def|return|import|from|raise|assert) |TODO|FIXME|noqa|eslint|pragma|type:",
    re.IGNORECASE,
)
NAME = re.compile(
    r"\b(?:def|func(?:\s*\([^)]*\))?|fn|function)\s+(?:self\.)?&?([A-Za-z_][\w?!]*)"
    r"|([A-Za-z_$][\w$]*)\s*(?:=|:)\s*(?:async\s*)?(?:function|\()"
    r"|\b([A-Za-z_]\w*)\s*\("
)
WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
MIN_COMMENT_WORDS = 4
MIN_BODY_CHARS = 60


def name_words(code: str) -> str:
    """Return the words of the first function name in a piece of code, lower-case; may be empty."""
    match = NAME.search(code)
    name = next((g for g in match.groups() if g), "") if match else ""
    return " ".join(word.lower() for word in WORD.findall(name))


def name_rows(source: Source, documents: Iterable[Record]) -> Iterator[Row]:
    """Yield (words of the function name, function) where the name has at least two words."""
    for document in documents:
        words = name_words(str(document["text"]))
        if len(words.split()) >= 2:
            yield new_row(source, words, [str(document["text"])], lang=str(document["lang"]))


def signature_rows(source: Source, documents: Iterable[Record]) -> Iterator[Row]:
    """Yield (first line, the rest) of functions with a body worth finding."""
    for document in documents:
        head, _, body = str(document["text"]).partition("\n")
        if len(head) >= 12 and len(body) >= MIN_BODY_CHARS:
            yield new_row(source, head.strip(), [body], lang=str(document["lang"]))


def comment_rows(source: Source, documents: Iterable[Record]) -> Iterator[Row]:
    """Yield (a comment line, the code without it)."""
    for document in documents:
        lines = str(document["text"]).splitlines()
        comments = [(i, m.group(1).strip()) for i, li in enumerate(lines) if (m := COMMENT.match(li))]
        telling = [(i, text) for i, text in comments if _is_telling(text)]
        random.Random(f"{source.name}:{document['_id']}").shuffle(telling)
        for index, text in telling[: source.per_document]:
            code = "\n".join(lines[:index] + lines[index + 1 :])
            yield new_row(source, text, [code], lang=str(document["lang"]))


def _is_telling(comment: str) -> bool:
    return len(comment.split()) >= MIN_COMMENT_WORDS and not COMMENTED_OUT.search(comment)
