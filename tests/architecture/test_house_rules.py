"""The limits and habits that keep the house readable, held by parsing it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.source_tree import REPOSITORY, Module, modules

MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 60
BANNED_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "manager"}
Function = ast.FunctionDef | ast.AsyncFunctionDef


def _python_files() -> list[Path]:
    folders = [REPOSITORY / name for name in ("embedrank", "tests", "benchmarks", "recipes")]
    files = [path for folder in folders if folder.is_dir() for path in sorted(folder.rglob("*.py"))]
    assert files, "no file was scanned"
    return files


def _functions(tree: ast.Module) -> list[Function]:
    return [node for node in ast.walk(tree) if isinstance(node, Function)]


def test_no_file_is_longer_than_the_limit() -> None:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in _python_files()}
    too_long = {str(path.relative_to(REPOSITORY)): lines for path, lines in lengths.items() if lines > MAX_FILE_LINES}
    assert not too_long


def test_no_function_is_longer_than_the_limit() -> None:
    too_long = []
    for path in _python_files():
        for node in _functions(ast.parse(path.read_text(encoding="utf-8"))):
            # A command's signature is its table of options; only what it does with them is counted.
            start = node.body[0].lineno if "cli" in path.parts else node.lineno
            lines = (node.end_lineno or node.lineno) - start + 1
            if lines > MAX_FUNCTION_LINES:
                too_long.append(f"{path.relative_to(REPOSITORY)}:{node.lineno} {node.name} has {lines} lines")
    assert not too_long, "\n".join(too_long)


def test_files_and_folders_are_named_after_an_idea() -> None:
    names = {part for path in _python_files() for part in path.relative_to(REPOSITORY).with_suffix("").parts}
    assert not names & BANNED_NAMES


def _public_definitions(body: list[ast.stmt], owner: str) -> Iterator[tuple[str, Function | ast.ClassDef]]:
    for node in body:
        if not isinstance(node, Function | ast.ClassDef) or node.name.startswith("_"):
            continue
        decorators = {ast.unparse(decorator) for decorator in node.decorator_list}
        if "overload" in decorators or any(name.endswith(".setter") for name in decorators):
            continue
        name = f"{owner}.{node.name}"
        yield name, node
        if isinstance(node, ast.ClassDef):
            yield from _public_definitions(node.body, name)


def test_everything_public_has_a_docstring() -> None:
    bare = []
    for module in modules().values():
        if module.path.read_text(encoding="utf-8").strip() and not ast.get_docstring(module.tree):
            bare.append(module.name)
        bare += [
            name for name, node in _public_definitions(module.tree.body, module.name) if not ast.get_docstring(node)
        ]
    assert not bare, "\n".join(bare)


def _environment_reads(module: Module) -> list[str]:
    reads = []
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute) and node.attr in {"environ", "environb", "getenv", "getenvb"}:
            reads.append(f"{module.name}:{node.lineno} {ast.unparse(node)}")
        elif isinstance(node, ast.ImportFrom) and node.module == "os":
            taken = {alias.name for alias in node.names} & {"environ", "environb", "getenv", "getenvb"}
            reads += [f"{module.name}:{node.lineno} from os import {name}" for name in sorted(taken)]
    return reads


def test_only_the_command_line_reads_the_environment() -> None:
    assert modules()
    reads = [read for module in modules().values() if module.room != "cli" for read in _environment_reads(module)]
    assert not reads, "\n".join(reads)


def test_the_environment_reader_is_not_blind() -> None:
    source = "import os\nfrom os import getenv\nx = os.environ['A']\n"
    module = Module(name="embedrank.core.x", path=Path("x.py"), tree=ast.parse(source), is_package=False)
    assert len(_environment_reads(module)) == 2


def _effects_at_import(module: Module) -> list[str]:
    """Statements at module level that do I/O or print: bare calls, `with`, loops."""
    found = []
    for node in module.tree.body:
        bare_call = isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
        # A decorator-style registration such as app.command()(function) builds values only.
        registers = bare_call and ast.unparse(node).startswith(("app.", "logging.getLogger"))
        if (bare_call and not registers) or isinstance(node, ast.With | ast.For | ast.While):
            found.append(f"{module.path.name}:{node.lineno} {ast.unparse(node).splitlines()[0]}")
    return found


def test_nothing_happens_at_import() -> None:
    libraries = [module for module in modules().values() if module.path.name != "__main__.py"]
    assert libraries
    effects = [effect for module in libraries for effect in _effects_at_import(module)]
    assert not effects, "\n".join(effects)
