"""Filters: from a mapping of field to wanted value to a condition the store understands.

Values are compared by their text (`2020`, `2.5`, `true`), so that a filter typed on a command line or in a URL finds
numbers too. Every metadata pair of a chunk is stored as one string, which lets any key be filtered without a column of
its own and leaves string literals as the only place where user text meets SQL.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from embedrank.core.errors import InvalidInputError
from embedrank.core.types import Metadata

FACETS_COLUMN: Final = "facets"
OWN_FIELDS: Final = ("path", "document_id")
"""Fields of a chunk itself; a metadata key of the same name cannot be filtered by."""


def literal(value: str) -> str:
    """A text as an SQL string literal; a quote is doubled, nothing else has a meaning inside."""
    return "'" + value.replace("'", "''") + "'"


def in_list(column: str, values: Iterable[str]) -> str:
    """Condition that a column equals one of the values."""
    return f"{column} IN ({', '.join(map(literal, values))})"


def facets(metadata: Metadata) -> list[str]:
    """The stored form of metadata: one string for each key and value."""
    return [_facet(key, value) for key, value in sorted(metadata.items())]


def condition(where: Mapping[str, object] | None) -> str | None:
    """Turn a filter into an SQL condition.

    Args:
        where: Field to wanted value, all of which must hold. A sequence of values means any of them. `path` takes a
            path, a folder ending in `/`, or a pattern with `*` and `?`; `document_id` an id; any other name is a
            metadata key.

    Returns:
        The condition, or None where there is nothing to filter.

    Raises:
        InvalidInputError: If a value is neither text, number nor truth value.
    """
    if not where:
        return None
    return " AND ".join(f"({_any_of(field, wanted)})" for field, wanted in where.items())


def _any_of(field: str, wanted: object) -> str:
    values = list(wanted) if isinstance(wanted, Sequence) and not isinstance(wanted, str) else [wanted]
    return " OR ".join(_equals(field, value) for value in values) or "FALSE"


def _equals(field: str, value: object) -> str:
    if field not in OWN_FIELDS:
        return f"array_has({FACETS_COLUMN}, {literal(_facet(field, value))})"
    text = _text(field, value)
    if field == "path" and text.endswith("/"):
        return f"starts_with(path, {literal(text)})"
    if field == "path" and re.search(r"[*?]", text):
        return f"regexp_like(path, {literal(_pattern(text))})"
    return f"{field} = {literal(text)}"


def _pattern(glob: str) -> str:
    """A path pattern as a regular expression; `*` stands for any characters, `/` included, `?` for one."""
    return "^(?s:" + "".join({"*": ".*", "?": "."}.get(c) or re.escape(c) for c in glob) + ")$"


def _facet(key: str, value: object) -> str:
    return json.dumps([key, _text(key, value)], ensure_ascii=False)


def _text(field: str, value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, str | int | float):
        return str(value)
    raise InvalidInputError(f"filter {field!r}", f"{type(value).__name__} values cannot be compared")
