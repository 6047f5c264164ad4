"""Reader of corpora: passages one after another, and every record that is none with the reason.

Memory grows by a few dozen bytes a passage, for telling ids that were met before, and with nothing else. Ids are made
unique in a run by the name of the set in front.
"""

from __future__ import annotations

import glob
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from embedrank.core.errors import DatasetError
from embedrank.core.types import Document
from embedrank.synthesis.languages import is_programming, language_code
from embedrank.synthesis.passage import Passage
from embedrank.synthesis.passages_config import PassagesConfig
from embedrank.synthesis.spread import hashed
from embedrank.synthesis.text_lines import Undecodable, lines_of

_CORPUS: Final = ("corpus.jsonl", "corpus.jsonl.gz")
_WHOLE: Final = {"corpus", "train", "dev", "test", "data"}  # names of files that say nothing of the set


@dataclass(frozen=True, slots=True, kw_only=True)
class NoPassage:
    """A record that is no passage.

    Attributes:
        where: File and line.
        reason: Short and the same for all of its kind, to be counted by.
        detail: What exactly was wrong.
    """

    where: str
    reason: str
    detail: str = ""


def read_passages(config: PassagesConfig) -> Iterator[Passage | NoPassage]:
    """Read all corpora, always in the same order.

    Args:
        config: Files and fields.

    Returns:
        Passages, each id once, and what was left out.

    Raises:
        DatasetError: If a file is missing, before anything is read; or while reading, if one is damaged.
    """
    paths = files_of(config)
    return distinct(item for path in paths for item in _read_file(path, config))


def files_of(config: PassagesConfig) -> list[Path]:
    """The files that passages are read from.

    Args:
        config: Files, folders, patterns.

    Returns:
        The files, in order.

    Raises:
        DatasetError: If one is missing.
    """
    return [path for pattern in config.corpus for path in _paths(pattern)]


def distinct(items: Iterable[Passage | NoPassage]) -> Iterator[Passage | NoPassage]:
    """Leave out passages with an id that was met before.

    Args:
        items: Passages and what is none.

    Yields:
        Them; of several passages with one id the first.
    """
    seen: set[int] = set()
    for item in items:
        if isinstance(item, Passage):
            number = hashed(item.id)
            if number in seen:
                yield NoPassage(where=item.id, reason="duplicate id", detail="the first passage of this id is taken")
                continue
            seen.add(number)
        yield item


def passage_of(document: Document, config: PassagesConfig) -> Passage | NoPassage:
    """A passage from a document of an index reader or of a chunk.

    Args:
        document: The document; `lang` and `label` of its metadata are taken.
        config: Bounds, and what passages do not say themselves.

    Returns:
        The passage; or why it is none.
    """
    record = {**document.metadata, "_id": document.id, "text": document.text, "title": document.title}
    source = config.source or str(document.metadata.get("source") or "documents")
    return _Reader(config, document.id, source).passage(record, document.id)


def _paths(pattern: str) -> list[Path]:
    found = sorted(glob.glob(pattern)) if "*" in pattern else [pattern]  # noqa: PTH207 - the pattern may be absolute
    if not found:
        raise DatasetError(pattern, "no file of this name")
    return [_file(Path(name)) for name in found]


def _file(path: Path) -> Path:
    if path.is_dir():
        for name in _CORPUS:
            if (path / name).is_file():
                return path / name
        raise DatasetError(path, f"is a folder without {' or '.join(_CORPUS)}")
    if not path.is_file():
        raise DatasetError(path, "there is no such file")
    return path


def _read_file(path: Path, config: PassagesConfig) -> Iterator[Passage | NoPassage]:
    stem = path.name.partition(".")[0]
    source = path.resolve().parent.name if stem in _WHOLE else stem
    reader = _Reader(config, str(path), source)
    for number, line in lines_of(path):
        where = f"{path} line {number}"
        if isinstance(line, Undecodable):
            yield NoPassage(where=where, reason="not UTF-8", detail=line.problem)
            continue
        try:
            record = json.loads(line)
        except (ValueError, RecursionError) as error:
            yield NoPassage(where=where, reason="not JSON", detail=str(error))
            continue
        if isinstance(record, dict):
            yield reader.passage(record, str(number))
        else:
            yield NoPassage(where=where, reason="not an object")


class _Reader:
    """Understands the records of one file."""

    def __init__(self, config: PassagesConfig, file: str, source: str) -> None:
        self._config, self._file, self._source = config, file, source

    def passage(self, record: Mapping[str, Any], name: str) -> Passage | NoPassage:
        found = {field: self._value(record, field) for field in ("id", "text", "title", "source", "lang", "label")}
        where = self._file if self._file == name else f"{self._file} line {name}"
        text = found.pop("text")
        if not isinstance(text, str) or not text.strip():
            return NoPassage(where=where, reason="no text")
        if wrong := [key for key, value in found.items() if not isinstance(value, str | int | None)]:
            return NoPassage(where=where, reason=f"bad {wrong[0]}", detail="must be text")
        if not self._config.min_chars <= len(text) <= self._config.max_chars:
            reason = "too short" if len(text) < self._config.min_chars else "too long"
            return NoPassage(where=where, reason=reason, detail=f"{len(text)} characters")
        if not _is_writable(text):
            return NoPassage(where=where, reason="unwritable text", detail="half of a character pair")
        translations = self._translations(record)
        if translations is None:
            return NoPassage(where=where, reason="bad translations", detail="must be texts by language")
        source = self._config.source or str(found["source"] or self._source)
        lang = language_code(str(found["lang"])) if found["lang"] else self._config.lang
        is_code = self._config.is_code
        return Passage(
            id=f"{source}/{name if found['id'] is None else found['id']}",
            text=text,
            title=str(found["title"] or ""),
            source=source,
            lang=lang,
            is_code=is_code if is_code is not None else lang is not None and is_programming(lang),
            translations=translations,
            label=None if found["label"] is None else str(found["label"]),
        )

    def _value(self, record: Mapping[str, Any], field: str) -> Any:
        """The first of a field's names that has a value."""
        names = self._config.names_of(field)
        return next((record[name] for name in names if record.get(name) not in (None, "")), None)

    def _translations(self, record: Mapping[str, Any]) -> dict[str, str] | None:
        texts = record.get("translations") or {}
        if not isinstance(texts, dict):
            return None
        named = {lang: record.get(column) for lang, column in self._config.translations.items()}
        found = {str(lang): text for lang, text in {**texts, **named}.items() if text not in (None, "")}
        if not all(isinstance(text, str) and _is_writable(text) for text in found.values()):
            return None
        return {language_code(lang): text for lang, text in found.items()}


def _is_writable(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
