"""Queries for code out of its own comment and names."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Final

from embedrank.core.settings import read_yaml
from embedrank.synthesis.data_files import data_file
from embedrank.synthesis.generators.extractive.comments import Comment, documenting_comment
from embedrank.synthesis.generators.extractive.material import CannotError, Material
from embedrank.synthesis.generators.extractive.signatures import signature_of, words_in
from embedrank.synthesis.languages import language_name
from embedrank.synthesis.plan_config import CODE_TYPES, TRANSLATION
from embedrank.synthesis.sentences import sentence_spans, stripped_end
from embedrank.synthesis.spread import hashed

_WRITTEN: Final = tuple(name for name in CODE_TYPES if name != TRANSLATION)
_LEAST_NAME_WORDS: Final = 2
_MOST_COPIED: Final = 0.5  # of the passage's words


def write_code_query(material: Material) -> dict[str, Any]:
    """A query of the wished type and length.

    Args:
        material: The request.

    Returns:
        The query, and the comment that goes from the code for it.

    Raises:
        CannotError: If the code does not hold one.
    """
    query_type = material.wish.query_type or _WRITTEN[hashed(material.key, "type") % len(_WRITTEN)]
    if query_type not in _MAKERS:
        raise CannotError("no translation", "in another programming language beside the passage")
    return _MAKERS[query_type](material)


def _docstring(material: Material) -> dict[str, Any]:
    """The first sentences of the comment, as many as the length takes."""
    comment = _comment(material)
    for text in _beginnings(comment.text):
        if material.fits(text):
            return {"query": text, "removed": [comment.removed]}
    raise CannotError("no comment of the wished length")


def _question(material: Material) -> dict[str, Any]:
    """A question made of the comment; English only, since nothing else is asked about code here."""
    if material.lang not in (None, "en"):
        raise CannotError("no question form", f"in {material.lang}")
    comment = _comment(material)
    for text in _beginnings(comment.text):
        if material.fits(query := _asked(material, stripped_end(text))):
            return {"query": query, "removed": [comment.removed]}
    raise CannotError("no comment of the wished length")


def _api(material: Material) -> dict[str, Any]:
    """Words of the name and of as many parameters as the length takes."""
    found = signature_of(material.passage.text, material.passage.lang)
    if found is None:
        raise CannotError("no signature")
    if len(found.name) + len(found.parameters) < _LEAST_NAME_WORDS:
        raise CannotError("nothing but a name")
    language = [language_name(material.passage.lang)] if material.passage.lang else []
    for words in _look_ups(found.name, found.parameters, language):
        if material.fits(query := " ".join(words)):
            if len(words) > _MOST_COPIED * len(words_in(material.passage.text)):
                raise CannotError("nothing but a signature", "the query would be the passage")
            return {"query": query, "removed": []}
    raise CannotError("no name of the wished length")


def _comment(material: Material) -> Comment:
    found = documenting_comment(material.passage.text)
    if found is None:
        raise CannotError("no comment", "that says what the code does")
    return found


def _beginnings(text: str) -> Iterator[str]:
    """The text, then ever fewer of its sentences."""
    for _, end in reversed(sentence_spans(text)):
        yield text[:end]


def _asked(material: Material, text: str) -> str:
    first, _, rest = text.partition(" ")
    word = first.lower()
    if word in _verbs():
        return f"how do I {word} {rest}?"
    if word.endswith("s") and {word[:-1], word[:-2], f"{word[:-3]}y"} & _verbs():
        return f"which {_thing(material)} {word} {rest}?"
    return f"which code is for this: {text}?"


@cache
def _verbs() -> frozenset[str]:
    return frozenset(read_yaml(data_file("code_verbs.yaml"))["verbs"].split())


def _thing(material: Material) -> str:
    return f"{language_name(material.passage.lang)} function" if material.passage.lang else "function"


def _look_ups(name: Sequence[str], parameters: Sequence[str], language: Sequence[str]) -> Iterator[list[str]]:
    for count in range(len(parameters), -1, -1):
        yield [*language, *name, *parameters[:count]]
        yield [*name, *parameters[:count]]


_MAKERS: Final[Mapping[str, Callable[[Material], dict[str, Any]]]] = {
    "docstring": _docstring,
    "question": _question,
    "api": _api,
}
