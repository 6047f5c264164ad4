"""The part of JSON schema that the steps ask by, and the check of a value against it.

Understood: `type` (one name), `enum`, `properties`, `required`, `additionalProperties: false`, `items`, `minItems`,
`maxItems`, `minLength`, `minimum`, `maximum`. Strings of blanks alone are empty.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

_TYPES: Final[Mapping[str, Callable[[Any], bool]]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "boolean": lambda value: isinstance(value, bool),
}

TEXT: Final[Mapping[str, Any]] = {"type": "string", "minLength": 1}


def object_of(properties: Mapping[str, Any], *, optional: Sequence[str] = ()) -> dict[str, Any]:
    """Schema of an object with these properties and no others.

    Args:
        properties: Schemas by name.
        optional: Names that may be absent.

    Returns:
        The schema.
    """
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": dict(properties), "required": required, "additionalProperties": False}


def list_of(items: Mapping[str, Any], *, least: int, most: int) -> dict[str, Any]:
    """Schema of a list.

    Args:
        items: Schema of each item.
        least: Fewest items.
        most: Most items.

    Returns:
        The schema.
    """
    return {"type": "array", "items": dict(items), "minItems": least, "maxItems": most}


def mismatch(value: Any, schema: Mapping[str, Any], where: str = "the answer") -> str | None:
    """What about a value does not fit.

    Args:
        value: Plain values, as JSON has them.
        schema: What it must look like.
        where: What to call the value.

    Returns:
        One sentence; None where it fits.
    """
    kind = schema["type"]
    if not _TYPES[kind](value):
        return f"{where} is no {kind}"
    if "enum" in schema and value not in schema["enum"]:
        return f"{where} is none of {', '.join(map(str, schema['enum']))}"
    if kind == "object":
        return _object_mismatch(value, schema, where)
    if kind == "array":
        return _list_mismatch(value, schema, where)
    if kind == "string" and len(value.strip()) < schema.get("minLength", 0):
        return f"{where} is empty"
    if kind in ("integer", "number") and not schema.get("minimum", value) <= value <= schema.get("maximum", value):
        return f"{where} is out of range"
    return None


def _object_mismatch(value: dict[str, Any], schema: Mapping[str, Any], where: str) -> str | None:
    properties = schema["properties"]
    if missing := [name for name in schema.get("required", ()) if name not in value]:
        return f"{where} lacks {', '.join(missing)}"
    if schema.get("additionalProperties") is False and (unknown := [name for name in value if name not in properties]):
        return f"{where} has unknown {', '.join(map(ascii, unknown))}"
    checks = (mismatch(value[name], properties[name], name) for name in properties if name in value)
    return next((problem for problem in checks if problem), None)


def _list_mismatch(value: list[Any], schema: Mapping[str, Any], where: str) -> str | None:
    if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
        return f"{where} has {len(value)} items"
    checks = (mismatch(item, schema["items"], f"an item of {where}") for item in value)
    return next((problem for problem in checks if problem), None)
