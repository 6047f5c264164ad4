"""Which tree-sitter grammar reads which file. Grammars come as wheels of their own, so nothing is fetched at run time.

(`tree-sitter-language-pack` from 1.0 on downloads its grammars when first used, which fails without a network.)
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tree_sitter import Parser

GRAMMARS: Final = {
    ".py": ("tree_sitter_python", "language"),
    ".pyi": ("tree_sitter_python", "language"),
    ".js": ("tree_sitter_javascript", "language"),
    ".jsx": ("tree_sitter_javascript", "language"),
    ".mjs": ("tree_sitter_javascript", "language"),
    ".cjs": ("tree_sitter_javascript", "language"),
    ".ts": ("tree_sitter_typescript", "language_typescript"),
    ".tsx": ("tree_sitter_typescript", "language_tsx"),
    ".java": ("tree_sitter_java", "language"),
    ".go": ("tree_sitter_go", "language"),
    ".rs": ("tree_sitter_rust", "language"),
    ".c": ("tree_sitter_c", "language"),
    ".h": ("tree_sitter_cpp", "language"),
    ".cc": ("tree_sitter_cpp", "language"),
    ".cpp": ("tree_sitter_cpp", "language"),
    ".cxx": ("tree_sitter_cpp", "language"),
    ".hpp": ("tree_sitter_cpp", "language"),
    ".rb": ("tree_sitter_ruby", "language"),
    ".php": ("tree_sitter_php", "language_php"),
    ".sh": ("tree_sitter_bash", "language"),
    ".bash": ("tree_sitter_bash", "language"),
}

_UNPARSED_TEXT: Final = (
    ".cs .kt .kts .scala .swift .lua .pl .pm .r .jl .dart .ex .exs .erl .hs .clj .ml .fs .vb .sql .zsh .fish .ps1 "
    ".m .mm .vue .svelte .groovy .gradle .proto .zig .nim .cu .cuh"
)
UNPARSED: Final = frozenset(_UNPARSED_TEXT.split())
"""Source code that is cut at blank lines, because no grammar for it is among our dependencies."""


def is_code(suffix: str) -> bool:
    """Whether a file of this suffix (lower case, with the dot) is source code."""
    return suffix in GRAMMARS or suffix in UNPARSED


@cache
def parser(suffix: str) -> Parser | None:
    """The parser for files of this suffix; None where it is not installed or there is none."""
    if suffix not in GRAMMARS:
        return None
    module, function = GRAMMARS[suffix]
    try:
        from tree_sitter import Language, Parser

        return Parser(Language(getattr(import_module(module), function)()))
    except ImportError:
        return None
