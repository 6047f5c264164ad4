"""The code that a script runs, as far as it lies beside it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from embedrank.core.errors import InvalidInputError


def code_of(script: Path) -> list[Path]:
    """The script and the modules beside it that it imports, and those that they import.

    Args:
        script: A Python file.

    Returns:
        The files, sorted; installed packages are not among them.

    Raises:
        InvalidInputError: If a file is no Python.
    """
    root = script.parent
    found: set[Path] = set()
    waiting = [script]
    while waiting:
        file = waiting.pop()
        if file not in found:
            found.add(file)
            waiting += [target for name in _imported(file) for target in _files(root, name)]
    return sorted(found)


def _imported(file: Path) -> Iterator[str]:
    try:
        tree = ast.parse(file.read_text(encoding="utf-8"), filename=str(file))
    except (SyntaxError, UnicodeDecodeError) as error:
        raise InvalidInputError(str(file), f"is no Python: {error}") from error
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _files(root: Path, name: str) -> Iterator[Path]:
    """The file of a module and those of the packages around it."""
    parts = name.split(".")
    for length in range(1, len(parts) + 1):
        place = root.joinpath(*parts[:length])
        for file in (place.with_suffix(".py"), place / "__init__.py"):
            if file.is_file():
                yield file
