"""One row of a table or one object of a JSON file as a document."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from embedrank.core.types import Document, Skipped

_ID_FIELDS: Final = ("_id", "id")
_TEXT_FIELDS: Final = ("text", "contents", "content", "body")
_TITLE_FIELD: Final = "title"


def from_record(record: Mapping[str, object], *, path: str, line: int, any_fields: bool = False) -> Document | Skipped:
    """Make a document of a record.

    Args:
        record: Fields by name.
        path: Path of the file.
        line: Line or row in it, from 1; names the document where it has no id.
        any_fields: Where there is no text field, all fields together are the text.

    Returns:
        The document; or why there is none.
    """
    rest = dict(record)
    identity = _take(rest, _ID_FIELDS)
    text = _take(rest, _TEXT_FIELDS)
    title = _take(rest, (_TITLE_FIELD,))
    if text is None and any_fields:
        text = "\n".join(f"{name}: {value}" for name, value in rest.items() if value not in (None, ""))
    name = record_name(path, line)
    if not isinstance(text, str):
        return Skipped(name=name, reason=f"no field {' or '.join(map(repr, _TEXT_FIELDS))} with text")
    if identity is not None and not isinstance(identity, str | int):
        return Skipped(name=name, reason="the id is neither text nor number")
    return Document(
        id=name if identity in (None, "") else str(identity),
        text=text,
        title="" if title is None else str(title),
        path=path,
        metadata=_flat(rest),
    )


def record_name(path: str, line: int) -> str:
    """How a row without id, or with a fault, is called."""
    return f"{path} line {line}"


def _take(record: dict[str, object], names: tuple[str, ...]) -> object:
    """The first of the fields that has a value, removed from the record."""
    for name in names:
        if record.get(name) is not None:
            return record.pop(name)
    return None


def _flat(record: Mapping[str, object]) -> dict[str, str | int | float | bool]:
    """Scalars as they are, nested values as JSON, the fields of `metadata` among the others."""
    nested = record.get("metadata")
    fields = {**record, **nested} if isinstance(nested, Mapping) else dict(record)
    if isinstance(nested, Mapping):
        fields.pop("metadata", None)
    return {
        str(name): value if isinstance(value, str | int | float | bool) else json.dumps(value, ensure_ascii=False)
        for name, value in fields.items()
        if value is not None
    }
