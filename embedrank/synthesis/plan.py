"""The sampling plan: what is wished for of each passage, decided by its place in the run and a seed, with no state.

Shares are met over the run as a whole (`spread.py`), whatever order passages come in. A passage that cannot serve the
kind drawn for it gets another by the shares of those it can serve; the wish says so (`instead_of`). Where it can serve
none, the wish stays and the row is rejected with the reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from embedrank.synthesis.draft import Wish
from embedrank.synthesis.kinds import KINDS
from embedrank.synthesis.passage import Passage
from embedrank.synthesis.plan_config import SAME, TRANSLATION, PlanConfig, length_of
from embedrank.synthesis.spread import Spread, pick

QUESTION_LANG: Final = "en"
"""Language of questions about code, where the plan wants that of the passage."""


class Plan:
    """Wishes by place."""

    def __init__(self, config: PlanConfig, *, seed: int, reads_prose: bool = True) -> None:
        """Set up.

        Args:
            config: Shares.
            seed: Decides which row gets what; the shares are met with any.
            reads_prose: Whether the generator reads prompts. For one that does not no difficulty is wished, since no
                row could claim it.
        """
        self._config = config if reads_prose else replace(config, difficulty={})
        self._spread = Spread(seed)

    def wishes(self, index: int, passage: Passage) -> list[tuple[str, Wish]]:
        """What is wished for of one passage.

        Args:
            index: Its place in the run, from 0.
            passage: The passage.

        Returns:
            For each row the key of its draft and the wish.
        """
        rows = self._config.rows_per_passage
        return [(f"{passage.id}#{number}", self._wish(index * rows + number, passage)) for number in range(rows)]

    def _wish(self, place: int, passage: Passage) -> Wish:
        numbers = self._spread.at(place)
        drawn, within = pick(self._config.kind, numbers["kind"])
        kind = drawn
        if not self._is_served(drawn, passage):
            served = {name: share for name, share in self._config.kind.items() if self._is_served(name, passage)}
            kind = pick(served, within)[0] if served else drawn
        query_type = self._query_type(kind, passage, numbers["query_type"])
        translates_code = kind == "code" and query_type == TRANSLATION
        lang = self._lang(kind, passage, numbers["lang"], translates=translates_code or kind == "bitext")
        is_given = translates_code or (kind == "bitext" and lang in passage.translations)
        is_asked = kind in ("retrieval", "code") and not translates_code
        return Wish(
            kind=kind,
            query_type=query_type,
            difficulty=_drawn(self._config.difficulty, numbers["difficulty"]) if is_asked else None,
            length=None if is_given else length_of(pick(self._config.length, numbers["length"])[0]),
            lang=lang,
            score=float(pick(self._config.score, numbers["score"])[0]) if kind == "sts" else None,
            instead_of=None if kind == drawn else drawn,
        )

    def _is_served(self, kind: str, passage: Passage) -> bool:
        if passage.is_code and "code" in self._config.kind:
            return kind == "code"  # code passages are few in most runs: none is spent on another kind
        if kind == "bitext" and not self._targets(passage):
            return False
        return KINDS[kind].unserved(passage) is None

    def _query_type(self, kind: str, passage: Passage, number: float) -> str | None:
        if kind == "retrieval":
            return _drawn(self._config.query_type, number)
        if kind != "code":
            return None
        types = dict(self._config.code_type)
        if len(types) > 1 and not self._targets(passage):
            types.pop(TRANSLATION, None)
        return _drawn(types, number)

    def _lang(self, kind: str, passage: Passage, number: float, *, translates: bool) -> str | None:
        if translates:
            return _drawn(self._targets(passage), number)
        lang = pick(self._config.lang, number)[0] if kind in ("retrieval", "code") else SAME
        if lang == SAME:
            return QUESTION_LANG if passage.is_code else None
        return lang

    def _targets(self, passage: Passage) -> dict[str, float]:
        """Languages to translate into: of those that the plan names the ones in the data, else all it names or has."""
        named = self._config.code_lang if passage.is_code else self._config.lang
        wanted = {lang: share for lang, share in named.items() if lang not in (SAME, passage.lang)}
        there = {lang: wanted[lang] for lang in wanted if lang in passage.translations}
        return there or wanted or dict.fromkeys(passage.translations, 1.0)


def _drawn(shares: Mapping[str, float], number: float) -> str | None:
    return pick(shares, number)[0] if shares else None
