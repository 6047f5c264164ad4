"""Queries for a passage out of its own words: one maker for each query type."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from itertools import combinations
from typing import Any, Final

from embedrank.core.settings import read_yaml
from embedrank.synthesis.data_files import data_file
from embedrank.synthesis.generators.extractive.material import CannotError, Material
from embedrank.synthesis.generators.extractive.phrases import key_phrases, share_words
from embedrank.synthesis.generators.extractive.statements import Statement, most_central, statements
from embedrank.synthesis.plan_config import QUERY_TYPES
from embedrank.synthesis.sentences import has_unmarked_sentences, stripped_end
from embedrank.synthesis.spread import hashed
from embedrank.synthesis.words import num_words

BLANK: Final = "____"
_ANY_LENGTH: Final = (1, 64)
_MOST_PHRASES: Final = 12
_MOST_IN_ONE_PIECE: Final = 0.7  # of a sentence on one side of a gap
_SIMPLIFIED: Final = frozenset("这们为说来时国会学过还进发开关样种点经实现对个")

Answer = dict[str, Any]


def write_query(material: Material) -> Answer:
    """A query of the wished type and length.

    Args:
        material: The request.

    Returns:
        The query, and what has to go from the passage for it.

    Raises:
        CannotError: If the passage does not hold one.
    """
    query_type = material.wish.query_type or QUERY_TYPES[hashed(material.key, "type") % len(QUERY_TYPES)]
    return _MAKERS[query_type](material)


def _keywords(material: Material) -> Answer:
    """Key phrases side by side; every other time the title first, which then goes from the passage."""
    title = _title(material)
    phrases = _phrases(material)
    starts = [title, ""] if title and hashed(material.key, "title") % 2 else ["", title]
    for start in starts:
        low, high = material.wish.length or (2, 8)
        words = [start] if start else []
        for phrase in phrases:
            joined = " ".join([*words, phrase])
            if num_words(" ".join(words)) >= low and hashed(material.key, len(words)) % 2:
                break
            if num_words(joined) <= high and not share_words(phrase, " ".join(words)):
                words.append(phrase)
        if words and low <= num_words(" ".join(words)) <= high:
            return _answer(" ".join(words), [material.passage.title] if start else [])
    raise CannotError("too few key phrases", f"{len(phrases)} for {material.wish.length} words")


def _acquire_knowledge(material: Material) -> Answer:
    """A question about key phrases; where that has not the length, a sentence with a gap in place of one."""
    if found := _of_phrases(material, "ask"):
        return found
    phrases = _phrases(material)
    low, high = material.wish.length or _ANY_LENGTH
    for statement in statements(material.text, low, high, is_removed=False):
        for phrase in phrases:
            if query := _gapped(stripped_end(statement.text), phrase):
                return _answer(query)
    raise CannotError("no question of the wished length")


def _gapped(statement: str, phrase: str) -> str | None:
    """The statement with a gap for a phrase that stands far enough inside; None where it does not."""
    found = re.search(rf"(?<![A-Za-z]){re.escape(phrase)}(?![A-Za-z])", statement)
    if found is None or max(found.start(), len(statement) - found.end()) > _MOST_IN_ONE_PIECE * len(statement):
        return None
    return f"{statement[: found.start()]}{BLANK}{statement[found.end() :]}"


def _yes_or_no(material: Material) -> Answer:
    """A question whether two key phrases belong together, or whether a statement holds, which then goes."""
    return _of_phrases(material, "decide") or _with_statement(material, "decide")


def _summary(material: Material) -> Answer:
    """The most central statement, which goes from the passage; of a short one the title does."""
    low, high = material.wish.length or (6, 40)
    found = statements(material.text, low, high)
    if found:
        chosen = most_central(material.text, found)
        return _answer(chosen.text, _gone(material, chosen))
    title = _title(material)
    if title and material.fits(title):
        return _answer(title, [material.passage.title])
    raise CannotError("no statement of the wished length")


def _background(material: Material) -> Answer:
    """A statement, which goes from the passage, and a question about what stands beside it; or phrases alone."""
    try:
        return _with_statement(material, "about")
    except CannotError:
        if found := _of_phrases(material, "about"):
            return found
        raise


def _of_phrases(material: Material, form: str) -> Answer | None:
    for query in _shuffled(material, list(_filled(material, form, _phrases(material)))):
        if material.fits(query):
            return _answer(query)
    return None


def _with_statement(material: Material, form: str) -> Answer:
    low, high = material.wish.length or _ANY_LENGTH
    phrases = _phrases(material)
    for text in _shuffled(material, [text for text in _forms(material, form) if "{s}" in text]):
        added = num_words(text.format(s="", x=phrases[0] if phrases else "", y=""))
        found = statements(material.text, max(1, low - added), high - added) if high > added else []
        whole = [statement for statement in found if statement.is_whole]
        if form == "about" and not has_unmarked_sentences(material.text):
            found = whole
        if not found:
            continue
        chosen = (whole or found)[hashed(material.key, "statement") % len(whole or found)]
        said = chosen.text if form == "about" else stripped_end(chosen.text)
        others = [phrase for phrase in phrases if not share_words(phrase, said)] if "{x}" in text else [""]
        query = text.format(s=said, x=others[0]) if others else ""
        if query and material.fits(query):
            return _answer(query, _gone(material, chosen))
    raise CannotError("no statement of the wished length")


def _gone(material: Material, statement: Statement) -> list[str]:
    """A statement in another language does not stand in the passage."""
    return [] if material.is_translated else [statement.removed]


def _filled(material: Material, form: str, phrases: Sequence[str]) -> Iterator[str]:
    """Forms of phrases alone; the title may stand in for a phrase."""
    title = _title(material)
    names = list(dict.fromkeys([*phrases[:4], *([title] if title else [])]))
    for text in _forms(material, form):
        if "{s}" in text:
            continue
        if "{y}" in text:
            yield from (text.format(x=x, y=y) for x, y in combinations(names, 2) if not share_words(x, y))
        else:
            yield from (text.format(x=name) for name in names[:3])


def _title(material: Material) -> str:
    """The title in the language of the query: a translation has none."""
    return "" if material.is_translated else material.passage.title.strip()


def _phrases(material: Material) -> list[str]:
    return key_phrases(material.text, _title(material), material.lang)[:_MOST_PHRASES]


def _forms(material: Material, form: str) -> list[str]:
    lang = material.lang or "any"
    if lang == "zh" and _SIMPLIFIED & set(material.text):
        lang = "zh-hans"
    forms = _all_forms()
    found: list[str] = forms.get(lang, forms["any"])[form]
    return found


def _shuffled(material: Material, texts: Sequence[str]) -> list[str]:
    return sorted(texts, key=lambda text: hashed(material.key, text))


def _answer(query: str, removed: Sequence[str] = ()) -> Answer:
    return {"query": " ".join(query.split()), "removed": list(removed)}


@cache
def _all_forms() -> dict[str, Any]:
    return read_yaml(data_file("question_forms.yaml"))


_MAKERS: Final[Mapping[str, Callable[[Material], Answer]]] = {
    "keywords": _keywords,
    "acquire_knowledge": _acquire_knowledge,
    "summary": _summary,
    "yes_or_no": _yes_or_no,
    "background": _background,
}
