"""Configuration dataclasses from YAML: nested by field type, unknown keys refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from types import UnionType
from typing import Any, TypeVar, get_args, get_type_hints

from embedrank.core.errors import ConfigError, InvalidInputError

T = TypeVar("T")


def read_yaml(path: Path) -> dict[str, Any]:
    """Read a YAML file that holds one mapping.

    Args:
        path: The file.

    Returns:
        Its content.

    Raises:
        InvalidInputError: If it is missing, malformed or no mapping.
    """
    import yaml

    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InvalidInputError(str(path), f"cannot be read as YAML: {error}") from error
    if not isinstance(content, dict):
        raise InvalidInputError(str(path), "must hold a mapping of settings")
    return content


def build(kind: type[T], settings: Mapping[str, Any]) -> T:
    """Fill a configuration dataclass from plain values.

    Args:
        kind: The dataclass.
        settings: Its fields; mappings become nested dataclasses, optional ones too, lists become tuples.

    Returns:
        The checked configuration.

    Raises:
        ConfigError: If a key is unknown, missing or out of range.
    """
    assert is_dataclass(kind)
    known = {field.name for field in fields(kind)}
    for name, value in settings.items():
        if name not in known:
            raise ConfigError(kind.__name__, str(name), value, f"unknown key; known are {', '.join(sorted(known))}")
    hints = get_type_hints(kind)
    values = {name: _value(hints[name], value) for name, value in settings.items()}
    try:
        return kind(**values)
    except TypeError as error:
        raise ConfigError(kind.__name__, "keys", sorted(settings), str(error)) from error


def put_in(settings: dict[str, Any], name: str, value: Any) -> None:
    """Set a value in nested mappings.

    Args:
        settings: Changed in place.
        name: Keys with dots between them.
        value: What to put there.

    Raises:
        ConfigError: If a key on the way holds something else than a mapping.
    """
    *path, last = name.split(".")
    place = settings
    for key in path:
        place = place.setdefault(key, {})
        if not isinstance(place, dict):
            raise ConfigError("settings", name, value, f"{key} holds no further settings")
    place[last] = value


def _value(hint: Any, value: Any) -> Any:
    choices = get_args(hint) if isinstance(hint, UnionType) else (hint,)
    parts = [part for part in choices if is_dataclass(part)]  # one of `Part` and of `Part | None`
    if isinstance(value, Mapping) and len(parts) == 1:
        return build(parts[0], value)  # type: ignore[arg-type]
    return tuple(value) if isinstance(value, list) else value
