"""Places in nested settings, named by patterns, so that what stands there can be listed or replaced.

A pattern is keys with dots between them; `*` stands for any key of a mapping and for any item of a list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

Replace = Callable[[str], Any]


def texts_at(settings: Any, patterns: Sequence[str]) -> Iterator[str]:
    """The texts that stand at places.

    Args:
        settings: Plain values.
        patterns: The places.

    Yields:
        One after another, in the order of patterns and of the settings.
    """
    for pattern in patterns:
        yield from _texts(settings, pattern.split("."))


def replaced_at(settings: Any, patterns: Sequence[str], replace: Replace) -> Any:
    """Settings with other values at places.

    Args:
        settings: Plain values; not changed.
        patterns: The places.
        replace: Gives the new value of a text. In a list a list of values takes the place of one, an empty one
            removes it; a mapping's entry whose value becomes an empty list is removed.

    Returns:
        The new settings.
    """
    for pattern in patterns:
        settings = _replaced(settings, pattern.split("."), replace)
    return settings


def _texts(value: Any, path: Sequence[str]) -> Iterator[str]:
    if not path:
        if isinstance(value, str):
            yield value
        return
    for _, child in _children(value, path[0]):
        yield from _texts(child, path[1:])


def _children(value: Any, key: str) -> Iterator[tuple[Any, Any]]:
    if isinstance(value, Mapping):
        yield from value.items() if key == "*" else ((name, value[name]) for name in (key,) if name in value)
    elif isinstance(value, list | tuple) and key == "*":
        yield from enumerate(value)


def _replaced(value: Any, path: Sequence[str], replace: Replace) -> Any:
    if not path:
        return replace(value) if isinstance(value, str) else value
    changed = {key: _replaced(child, path[1:], replace) for key, child in _children(value, path[0])}
    if isinstance(value, Mapping):
        return {
            key: changed.get(key, child) for key, child in value.items() if changed.get(key, child) != [] or child == []
        }
    if not isinstance(value, list | tuple):
        return value
    items: list[Any] = []
    for place, child in enumerate(value):
        new = changed.get(place, child)
        items.extend(new if isinstance(new, list) and not isinstance(child, list) else [new])
    return items
