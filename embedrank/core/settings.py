"""Configuration dataclasses from YAML: nested by field type, unknown keys refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import fields, is_dataclass
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Final, TypeVar, get_args, get_origin, get_type_hints

from embedrank.core.errors import ConfigError, InvalidInputError

T = TypeVar("T")

_PLAIN: Final[Mapping[Any, str]] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text",
    NoneType: "null",
}


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
        settings: Its fields; mappings become nested dataclasses, optional ones and named ones too, lists tuples.

    Returns:
        The checked configuration.

    Raises:
        ConfigError: If a key is unknown or missing, or a value of the wrong kind or out of range.
    """
    assert is_dataclass(kind)
    known = {field.name for field in fields(kind)}
    for name, value in settings.items():
        if name not in known:
            raise ConfigError(kind.__name__, str(name), value, f"unknown key; known are {', '.join(sorted(known))}")
    hints = get_type_hints(kind)
    values = {name: _typed(kind, name, hints[name], _value(hints[name], value)) for name, value in settings.items()}
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
    if isinstance(value, Mapping) and (part := _named_part(choices)) is not None:
        return {name: build(part, each) if isinstance(each, Mapping) else each for name, each in value.items()}
    return tuple(value) if isinstance(value, list) else value


def _named_part(choices: Sequence[Any]) -> Any:
    """`Part` of a field that is a `Mapping[str, Part]`, or None where no choice is one."""
    named = [get_args(choice) for choice in choices if get_origin(choice) is Mapping]
    return next((parts[1] for parts in named if len(parts) == 2 and is_dataclass(parts[1])), None)


def _typed(kind: type[Any], name: str, hint: Any, value: Any) -> Any:
    """The value, if it is of the kind that a plain field asks for; YAML reads `1e-4`, without a point, as text."""
    choices = set(get_args(hint) if isinstance(hint, UnionType) else (hint,))
    if not choices <= _PLAIN.keys() or (value is None and NoneType in choices):
        return value
    if float in choices and not isinstance(value, bool):
        with suppress(TypeError, ValueError):
            return value if isinstance(value, int | float) else float(value)
    if type(value) not in choices:
        raise ConfigError(kind.__name__, name, value, "must be " + " or ".join(sorted(_PLAIN[c] for c in choices)))
    return value
