"""Markdown, and what the HTML and Word readers write: one section for each heading."""

from __future__ import annotations

import re
from itertools import pairwise

from embedrank.index.chunking.section import Section


def sections(text: str) -> list[Section]:
    """Cut a markdown text before each heading.

    Args:
        text: Markdown.

    Returns:
        Adjoining sections that cover the text.
    """
    starts = [0, *(match.end() for match in re.finditer("\n", text)), len(text)]
    found: list[Section] = []
    path: list[tuple[int, str]] = []
    begin = 0
    for line, level, heading in _headings(text):
        _close(found, path, begin, starts[line])
        begin = starts[line]
        while path and path[-1][0] >= level:
            path.pop()
        path.append((level, heading))
    _close(found, path, begin, len(text))
    return found


def _close(found: list[Section], path: list[tuple[int, str]], begin: int, end: int) -> None:
    if begin < end:
        names = tuple(name for _, name in path)
        found.append(Section(start=begin, end=end, above=names[:-1], own=names[-1] if names else ""))


def _headings(text: str) -> list[tuple[int, int, str]]:
    """`(line from 0, level, heading)` of every heading outside of lists, quotes and code."""
    from markdown_it import MarkdownIt

    markdown = MarkdownIt("commonmark")
    markdown.core.ruler.disable("inline")
    tokens = markdown.parse(text)
    found = []
    for opening, content in pairwise(tokens):
        if opening.type == "heading_open" and opening.level == 0 and opening.map:
            heading = " ".join(content.content.replace("`", "").replace("*", "").split())
            found.append((opening.map[0], int(opening.tag[1:]), heading))
    return found
