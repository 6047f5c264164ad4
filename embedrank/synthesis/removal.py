"""Taking out of a passage what its query was copied from, so that the two do not match by being the same."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from embedrank.synthesis.passage import Passage

_BLANK_LINES: Final = re.compile(r"(?:[ \t]*\n)+")


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
            text = _closed(before, after, is_lines=part.endswith("\n"))
    return title, text.strip("\n") if removed else text


def _closed(before: str, after: str, *, is_lines: bool) -> str:
    """The two sides of a gap, with the larger of the two spaces around it; the indentation of a next line stays."""
    if not before or before[-1] in " \t":
        return before + (after if is_lines else after.lstrip(" \t"))
    if after.startswith("\n") and before[-1] != "\n":
        return before + after
    if before[-1] == "\n" and (lines := _BLANK_LINES.match(after)):
        num_lines = max(len(before) - len(before.rstrip("\n")), lines.group().count("\n"))
        return before.rstrip("\n") + "\n" * num_lines + after[lines.end() :]
    return before + after
