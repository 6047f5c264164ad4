"""Imports go down only: no upward edge, no edge between siblings, no circle; the base import stays light."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.architecture.source_tree import LAYERS, Edge, edges, imported_names, modules, rank


def test_every_room_has_its_place_in_the_picture() -> None:
    unknown = {module.room for module in modules().values()} - set().union(*LAYERS)
    assert not unknown, f"rooms without a layer: {sorted(unknown)}; see DESIGN.md and tests/architecture/source_tree.py"


def test_imports_are_found() -> None:
    assert ("embedrank.core.protocols", "embedrank.core.types") in {(e.source.name, e.target.name) for e in edges()}


def test_no_import_goes_up() -> None:
    upward = [str(edge) for edge in edges() if rank(edge.target.room) > rank(edge.source.room)]
    assert not upward, "\n".join(upward)


def test_siblings_do_not_import_each_other() -> None:
    sideways = [
        str(edge)
        for edge in edges()
        if edge.source.room != edge.target.room and rank(edge.source.room) == rank(edge.target.room)
    ]
    assert not sideways, "\n".join(sideways)


def _circle(graph: dict[str, set[str]]) -> list[str]:
    """A circle in the graph, or an empty list: depth first, grey nodes are on the path."""
    done: set[str] = set()

    def visit(node: str, path: list[str]) -> list[str]:
        if node in path:
            return [*path[path.index(node) :], node]
        if node in done:
            return []
        for target in sorted(graph.get(node, ())):
            if found := visit(target, [*path, node]):
                return found
        done.add(node)
        return []

    for start in sorted(graph):
        if found := visit(start, []):
            return found
    return []


def _graph(selected: list[Edge]) -> dict[str, set[str]]:
    graph: dict[str, set[str]] = {}
    for edge in selected:
        graph.setdefault(edge.source.name, set()).add(edge.target.name)
    return graph


def test_the_circle_finder_finds_circles() -> None:
    assert _circle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c", "b"]
    assert _circle({"a": {"b", "c"}, "b": {"c"}}) == []


def test_no_modules_import_each_other_in_a_circle() -> None:
    assert edges()
    circle = _circle(_graph(list(edges())))
    assert not circle, " imports ".join(circle)


def test_core_imports_no_torch() -> None:
    core = [module for module in modules().values() if module.room == "core"]
    assert core
    for module in core:
        foreign = {name.partition(".")[0] for name, _ in imported_names(module)} - {"embedrank"}
        heavy = foreign - set(sys.stdlib_module_names) - {"numpy", "yaml"}
        assert not heavy, f"{module.name} imports {sorted(heavy)}; core takes numpy, yaml and the standard library only"


def _modules_loaded_by(code: str, cwd: Path) -> set[str]:
    program = f"import sys\ntry:\n    {code}\nexcept SystemExit as stop:\n    assert not stop.code, stop.code\n"
    program += "print('\\n' + ' '.join(sorted({name.partition('.')[0] for name in sys.modules})))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=cwd, check=False)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.splitlines()[-1].split())


HEAVY = {"torch", "transformers", "sentence_transformers", "lancedb", "pyarrow", "pypdf", "docx", "bs4", "ir_measures"}


def test_importing_the_package_loads_nothing_heavy(repository: Path) -> None:
    loaded = _modules_loaded_by("import embedrank", repository)
    assert "embedrank" in loaded
    assert not loaded & HEAVY


def test_asking_for_help_loads_nothing_heavy(repository: Path, embedrank_command: list[str]) -> None:
    code = f"sys.argv = ['embedrank', '--help']; {embedrank_command[-1]}"
    assert not _modules_loaded_by(code, repository) & HEAVY
