"""Source code: one section for each function, and for each class that fits; larger classes by their methods."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from embedrank.index.chunking.grammars import parser
from embedrank.index.chunking.section import Section

if TYPE_CHECKING:
    from tree_sitter import Node

_DEFINITIONS_TEXT: Final = (
    "function_definition function_declaration function_item method_definition method_declaration "
    "constructor_declaration class_definition class_declaration class_specifier struct_specifier struct_item "
    "enum_item enum_declaration union_item interface_declaration trait_item trait_declaration impl_item mod_item "
    "module namespace_definition type_declaration type_alias_declaration abstract_class_declaration "
    "record_declaration decorated_definition export_statement generator_function_declaration macro_definition "
    "template_declaration class method singleton_method internal_module"
)
_DEFINITIONS: Final = frozenset(_DEFINITIONS_TEXT.split())
_LEADING: Final = frozenset({"comment", "line_comment", "block_comment", "attribute_item", "annotation", "decorator"})
_NAME_FIELDS: Final = ("name", "declarator", "type", "definition", "declaration")
_MAX_DEPTH: Final = 200


@dataclass(frozen=True, slots=True)
class _Definition:
    """A definition with the comments above it, in bytes."""

    start: int
    end: int
    name: str
    above: tuple[str, ...]


def sections(text: str, suffix: str, *, limit: int) -> list[Section]:
    """Cut source code before and after each definition.

    Args:
        text: Source code.
        suffix: Suffix of its file, lower case, with the dot.
        limit: Definitions larger than this, in bytes, are cut into the definitions inside them.

    Returns:
        Adjoining sections that cover the text; one alone where no parser is installed.
    """
    reader = parser(suffix)
    if reader is None:
        return [Section(start=0, end=len(text))]
    source = text.encode("utf-8", "surrogatepass")
    root = reader.parse(source).root_node
    found: list[Section] = []
    place = _Places(source)
    done = 0
    for item in _definitions(root, (), limit, 0):
        if item.start < done:
            continue
        if done < item.start:
            found.append(Section(start=place.of(done), end=place.of(item.start), above=item.above))
        found.append(Section(start=place.of(item.start), end=place.of(item.end), above=item.above, own=item.name))
        done = item.end
    if done < len(source):
        found.append(Section(start=place.of(done), end=len(text)))
    return found


class _Places:
    """Byte offsets as character offsets, for offsets that only grow."""

    def __init__(self, source: bytes) -> None:
        self._source = source
        self._bytes = 0
        self._characters = 0

    def of(self, offset: int) -> int:
        piece = self._source[self._bytes : offset].decode("utf-8", "surrogatepass")
        self._bytes, self._characters = offset, self._characters + len(piece)
        return self._characters


def _definitions(node: Node, above: tuple[str, ...], limit: int, depth: int) -> Iterator[_Definition]:
    """Definitions in source order; of one that is too large its head is left to the section before its first part."""
    leading: int | None = None
    for child in node.children:
        if child.type in _LEADING:
            leading = child.start_byte if leading is None else leading
            continue
        start = child.start_byte if leading is None else leading
        leading = None
        if child.type not in _DEFINITIONS:
            if child.named_child_count and depth < _MAX_DEPTH and child.end_byte - child.start_byte > limit // 4:
                yield from _definitions(child, above, limit, depth + 1)
            continue
        name = _name(child)
        inner = [] if child.end_byte - start <= limit else list(_inside(child, name, above, limit, depth))
        if inner:
            yield from inner
        else:
            yield _Definition(start, child.end_byte, name, above)


def _inside(node: Node, name: str, above: tuple[str, ...], limit: int, depth: int) -> Iterator[_Definition]:
    if depth < _MAX_DEPTH:
        yield from _definitions(node, (*above, name) if name else above, limit, depth + 1)


def _name(node: Node) -> str:
    """The identifier a definition introduces; empty where the grammar names none."""
    for field in _NAME_FIELDS:
        child = node.child_by_field_name(field)
        if child is None:
            continue
        if child.child_count == 0 or child.type in ("qualified_identifier", "generic_type", "scoped_type_identifier"):
            return child.text.decode("utf-8", "replace") if child.text else ""
        return _name(child)
    return ""
