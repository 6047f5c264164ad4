"""From a document to its chunks: find its sections, let small ones share a chunk, cut large ones."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import astuple
from pathlib import PurePath
from typing import Final

from embedrank.core.types import Chunk, Document
from embedrank.index.chunking import code, headings, plain
from embedrank.index.chunking.config import ChunkConfig
from embedrank.index.chunking.cutting import Measure, cut
from embedrank.index.chunking.grammars import is_code
from embedrank.index.chunking.section import Section

CHUNKER_VERSION: Final = "1"
"""Changes whenever the same document would be cut otherwise; part of every document hash."""

MARKDOWN: Final = frozenset({".md", ".markdown", ".mdx"})
TURNED_INTO_MARKDOWN: Final = frozenset({".html", ".htm", ".xhtml", ".docx"})
LINES_UNKNOWN: Final = TURNED_INTO_MARKDOWN | {".pdf", ".csv", ".tsv", ".jsonl", ".ndjson", ".json"}
"""Files whose lines are not the lines of the document's text."""

_TITLE_JOIN: Final = " > "
_BLANK_LINES: Final = re.compile(r"\s*\n")  # but not the indentation of the first line with text


def document_hash(document: Document, config: ChunkConfig) -> str:
    """A hash of everything that decides a document's chunks; equal hashes need no new indexing."""
    facts = [CHUNKER_VERSION, astuple(config), document.title, document.path, dict(document.metadata), document.text]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def chunk_document(document: Document, config: ChunkConfig | None = None) -> list[Chunk]:
    """Cut a document.

    Args:
        document: The document; its path says which structure its text has.
        config: Sizes.

    Returns:
        Chunks in order, together holding all its text; none where it has no text.
    """
    config = config or ChunkConfig()
    text = document.text
    measure = Measure(text)
    digest = document_hash(document, config)
    lines = _Lines(document)
    chunks: list[Chunk] = []
    for title, start, end in _pieces(document, config, measure):
        if not text[start:end].strip():
            continue
        start = match.end() if (match := _BLANK_LINES.match(text, start, end)) else start
        chunks.append(
            Chunk(
                id=f"{document.id}#{len(chunks)}",
                document_id=document.id,
                ordinal=len(chunks),
                text=text[start:end].rstrip(),
                title=title,
                path=document.path,
                start_line=lines.at(start),
                document_hash=digest,
                metadata=document.metadata,
            )
        )
    return chunks


def _pieces(document: Document, config: ChunkConfig, measure: Measure) -> Iterator[tuple[str, int, int]]:
    """`(title, start, end)` of every chunk."""
    for section in _share(_sections(document, config), config, measure):
        spans = cut(document.text, section.start, section.end, limit=config.max_chars, measure=measure)
        for number, (start, end) in enumerate(spans):
            path = (*section.above, section.own) if number else section.above
            yield _title(document, path), _overlapped(document.text, start, end, number, config), end


def _sections(document: Document, config: ChunkConfig) -> list[Section]:
    suffix = _suffix(document)
    if suffix in MARKDOWN or suffix in TURNED_INTO_MARKDOWN:
        return headings.sections(document.text)
    if is_code(suffix):
        return code.sections(document.text, suffix, limit=config.max_chars)
    return plain.sections(document.text)


def _share(sections: list[Section], config: ChunkConfig, measure: Measure) -> Iterator[Section]:
    """Join neighbours that are small, as long as they lie under the same headings."""
    held: Section | None = None
    for section in sections:
        if held is None:
            held = section
            continue
        small = min(measure.size(held.start, held.end), measure.size(section.start, section.end)) < config.min_chars
        fits = measure.size(held.start, section.end) <= config.max_chars
        if small and fits and section.above[: len(held.above)] == held.above:
            held = Section(start=held.start, end=section.end, above=held.above, own=held.own)
        else:
            yield held
            held = section
    if held is not None:
        yield held


def _overlapped(text: str, start: int, end: int, number: int, config: ChunkConfig) -> int:
    """Where a piece begins once it repeats the end of the piece before, from the beginning of a word."""
    if not number or not config.overlap_chars:
        return start
    space = re.compile(r"\s").search(text, max(0, start - config.overlap_chars), start)
    return space.end() if space else start


def _title(document: Document, path: tuple[str, ...]) -> str:
    names = [document.title, *path]
    kept = [name for place, name in enumerate(names) if name and (place == 0 or name != names[place - 1])]
    return _TITLE_JOIN.join(kept)


def _suffix(document: Document) -> str:
    return PurePath(document.path or "").suffix.lower()


class _Lines:
    """Line numbers of places that only grow; None where the text's lines are not those of the file."""

    def __init__(self, document: Document) -> None:
        self._text = document.text
        self._known = document.path is not None and _suffix(document) not in LINES_UNKNOWN
        self._place = 0
        self._line = 1

    def at(self, place: int) -> int | None:
        if not self._known:
            return None
        if place < self._place:
            self._place, self._line = 0, 1
        self._line += self._text.count("\n", self._place, place)
        self._place = place
        return self._line
