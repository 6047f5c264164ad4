"""The package as the architecture tests see it: parsed modules and the imports between them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
PACKAGE = "embedrank"

# The picture of DESIGN.md from the bottom up; rooms on one row are siblings. A new room has to be entered here.
LAYERS: tuple[frozenset[str], ...] = (
    frozenset({"core"}),
    frozenset({"model"}),
    frozenset({"engine", "index", "training", "synthesis", "evaluation"}),
    frozenset({"search"}),
    frozenset({"apps", "recipe"}),
    frozenset({"serving"}),
    frozenset({""}),  # embedrank/__init__.py, the face
    frozenset({"cli"}),
)
# Run by `python -m embedrank`, hence as high as the command line; data holds no code of its own.
SAME_AS = {"__main__": "cli", "data": "core"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """One parsed file of the package."""

    name: str
    path: Path
    tree: ast.Module
    is_package: bool

    @property
    def room(self) -> str:
        """First folder or file below the package; empty for the package's own `__init__`."""
        parts = self.name.split(".")
        room = parts[1] if len(parts) > 1 else ""
        return SAME_AS.get(room, room)


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """One import statement that stays inside the package."""

    source: Module
    target: Module
    line: int
    at_run_time: bool

    def __str__(self) -> str:
        return f"{self.source.path.relative_to(REPOSITORY)}:{self.line} imports {self.target.name}"


@cache
def modules() -> dict[str, Module]:
    """All modules of the package by dotted name."""
    found = {}
    for path in sorted((REPOSITORY / PACKAGE).rglob("*.py")):
        parts = path.relative_to(REPOSITORY).with_suffix("").parts
        is_package = parts[-1] == "__init__"
        name = ".".join(parts[:-1] if is_package else parts)
        tree = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
        found[name] = Module(name=name, path=path, tree=tree, is_package=is_package)
    assert found, "no module was scanned"
    return found


def rank(room: str) -> int:
    """Height of a room; KeyError where DESIGN.md does not know it."""
    for height, row in enumerate(LAYERS):
        if room in row:
            return height
    raise KeyError(room)


def absolute_name(module: Module, node: ast.ImportFrom) -> str:
    """Dotted name that `from ... import` starts from, relative imports resolved."""
    if not node.level:
        return node.module or ""
    parts = module.name.split(".")
    base = parts[: len(parts) - node.level + (1 if module.is_package else 0)]
    return ".".join([*base, *([node.module] if node.module else [])])


def imported_names(module: Module) -> Iterator[tuple[str, ast.stmt]]:
    """Every dotted name the module imports, wherever the statement stands; `from a import b` gives `a.b`."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node
        elif isinstance(node, ast.ImportFrom):
            base = absolute_name(module, node)
            for alias in node.names:
                yield f"{base}.{alias.name}", node


def _lines_for_type_checkers(tree: ast.Module) -> set[int]:
    lines: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            lines.update(line for stmt in node.body for line in range(stmt.lineno, (stmt.end_lineno or 0) + 1))
    return lines


@cache
def edges() -> tuple[Edge, ...]:
    """All imports between modules of the package, function-level and TYPE_CHECKING ones included."""
    found = []
    for module in modules().values():
        typing_only = _lines_for_type_checkers(module.tree)
        for name, node in imported_names(module):
            # `from package import name` names a module or something inside one.
            target = modules().get(name) or modules().get(name.rpartition(".")[0])
            if target is not None and target is not module:
                at_run_time = node.lineno not in typing_only
                found.append(Edge(source=module, target=target, line=node.lineno, at_run_time=at_run_time))
    return tuple(found)
