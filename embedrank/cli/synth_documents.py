"""Documents of files and folders as passages: read and cut as for an index, once, into one file beside the output."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, Final

from embedrank.core.errors import InvalidInputError
from embedrank.core.storing import storing

if TYPE_CHECKING:
    from embedrank.core.types import Chunk

PASSAGES: Final = "passages.jsonl"

_LANGUAGES: Final[Mapping[str, Sequence[str]]] = {
    "bash": (".sh", ".bash"),
    "c": (".c",),
    "cpp": (".cc", ".cpp", ".cxx", ".hpp", ".h"),
    "csharp": (".cs",),
    "go": (".go",),
    "java": (".java",),
    "javascript": (".js", ".jsx", ".mjs", ".cjs"),
    "kotlin": (".kt", ".kts"),
    "lua": (".lua",),
    "perl": (".pl", ".pm"),
    "php": (".php",),
    "python": (".py", ".pyi"),
    "r": (".r",),
    "ruby": (".rb",),
    "rust": (".rs",),
    "scala": (".scala",),
    "sql": (".sql",),
    "swift": (".swift",),
    "typescript": (".ts", ".tsx"),
}
_OF_SUFFIX: Final = {suffix: language for language, suffixes in _LANGUAGES.items() for suffix in suffixes}


def write_passages(paths: Sequence[Path], file: Path, tell: Callable[[int], None]) -> Mapping[str, int]:
    """Cut documents into passages.

    Args:
        paths: Files and folders.
        file: Where passages go, in one step once all are there.
        tell: Told the number of passages after each.

    Returns:
        What was left out, by reason.

    Raises:
        InvalidInputError: If there is not a single passage.
        StorageError: If the file cannot be written.
    """
    left_out: Counter[str] = Counter()
    if not write_records(_records(paths, left_out), file, tell):
        reasons = ", ".join(f"{count} {reason}" for reason, count in left_out.most_common(3)) or "nothing was found"
        raise InvalidInputError(", ".join(map(str, paths)), f"no document with text ({reasons})")
    return left_out


def write_records(records: Iterable[Mapping[str, Any]], file: Path, tell: Callable[[int], None]) -> int:
    """Write records of passages as JSON lines, in one step once all are there; none leave no file.

    Args:
        records: As the reader of passages takes them.
        file: Where they go.
        tell: Told the number of records after each.

    Returns:
        How many they were.

    Raises:
        StorageError: If the file cannot be written.
    """
    draft, written = file.with_name(file.name + ".tmp"), 0
    with storing(file):
        with draft.open("w", encoding="utf-8") as lines:
            for record in records:
                lines.write(json.dumps(record, ensure_ascii=False) + "\n")
                written += 1
                tell(written)
            lines.flush()
            os.fsync(lines.fileno())
        if written:
            draft.replace(file)
        else:
            draft.unlink()
    return written


def _records(paths: Sequence[Path], left_out: Counter[str]) -> Iterator[dict[str, Any]]:
    from embedrank.core.types import Skipped
    from embedrank.index.chunking import chunk_document
    from embedrank.index.ingest import walk

    for root in paths:
        for item in walk([root]):
            if isinstance(item, Skipped):
                left_out[item.reason] += 1
                continue
            chunks = chunk_document(item)
            if not chunks:
                left_out["no text"] += 1
            yield from (_record(chunk, root) for chunk in chunks)


def _record(chunk: Chunk, root: Path) -> dict[str, Any]:
    """A chunk as the reader of passages reads it; names begin below the root, so that they hold no private folders."""
    own = root.absolute().as_posix()
    name = chunk.id.removeprefix(own).lstrip("/") if root.is_dir() else chunk.id.removeprefix(own)
    record = {
        "_id": name,
        "text": chunk.text,
        "title": chunk.title,
        "source": root.resolve().name if root.is_dir() else root.stem,
        "lang": _OF_SUFFIX.get(PurePath(chunk.path or "").suffix.lower()),
    }
    return {key: value for key, value in record.items() if value}
