"""The training row, and the cleaning every row goes through."""

import re
from typing import TypedDict

MAX_DOCUMENT_CHARS = 1200
MAX_QUERY_CHARS = 1200


class Row(TypedDict):
    """One line of a training file (format: DESIGN.md, File formats)."""

    task: str
    instruction: str
    query: str
    positives: list[str]
    negatives: list[str]
    source: str
    lang: str


Candidate = Row | str
"""A row, or the reason why a candidate was not made into one."""


def tidy_prose(text: str) -> str:
    """Collapse runs of blanks to one, and blank lines to one."""
    text = re.sub(r"[^\S\n]+", " ", text.replace("\r\n", "\n").replace("\r", "\n"))
    return re.sub(r" ?\n ?(?:\n ?)+", "\n\n", text).strip()


def tidy_code(text: str) -> str:
    """Keep indentation; strip line ends and collapse blank lines."""
    lines = [line.rstrip() for line in text.expandtabs(4).splitlines()]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")


def cut(text: str, limit: int) -> str:
    """Cut a text to a number of characters, at the last line or word break if one is near."""
    if len(text) <= limit:
        return text
    head = text[:limit]
    for mark in ("\n", " "):
        if (at := head.rfind(mark)) > limit * 0.8:
            return head[:at].rstrip()
    return head


def tidy_row(row: Row, *, code: bool) -> tuple[Row, bool]:
    """Normalise white space and cut the texts of a row.

    Args:
        row: Row with full texts.
        code: Whether the documents are code, whose indentation is kept.

    Returns:
        The cleaned row, and whether any of its texts was cut.
    """
    tidy = tidy_code if code else tidy_prose
    query = tidy_code(row["query"]) if code and "\n" in row["query"] else tidy_prose(row["query"])
    sides = {side: [tidy(text) for text in row[side]] for side in ("positives", "negatives")}
    longest = max((len(t) for texts in sides.values() for t in texts), default=0)
    was_cut = longest > MAX_DOCUMENT_CHARS or len(query) > MAX_QUERY_CHARS
    cleaned = Row(
        task=row["task"],
        instruction=row["instruction"],
        query=cut(query, MAX_QUERY_CHARS),
        positives=[cut(text, MAX_DOCUMENT_CHARS) for text in sides["positives"]],
        negatives=[cut(text, MAX_DOCUMENT_CHARS) for text in sides["negatives"]],
        source=row["source"],
        lang=row["lang"],
    )
    return cleaned, was_cut
