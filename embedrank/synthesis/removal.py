"""Taking out of a passage what its query was copied from, so that the two do not match by being the same."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from embedrank.synthesis.passage import Passage

_BLANKS: Final = re.compile(r"[ \t]{2,}")
_LINES: Final = re.compile(r"[ \t]*\n(?:[ \t]*\n)+")


def without(passage: Passage, removed: Sequence[str]) -> tuple[str, str]:
    """A passage less some parts.

    Args:
        passage: The passage.
        removed: The title, or parts of the text to the letter; each goes where it first stands.

    Returns:
        Title and text. Where nothing goes from the text it is unchanged; else the gap is closed.
    """
    title, text = passage.title, passage.text
    for part in removed:
        if part == title:
            title = ""
            continue
        before, found, after = text.partition(part)
        if found:
            text = _closed(before, after)
    return title, text.strip()


def _closed(before: str, after: str) -> str:
    if "\n" in before[-1:] + after[:1] or not before.strip():
        return _LINES.sub("\n\n", before + after)
    joint = len(before)
    return before + _BLANKS.sub(" ", after, count=1) if before[joint - 1].isspace() else before + after
