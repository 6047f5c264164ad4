"""Bitext: a text and its translation; from the data where it has one, else written."""

from __future__ import annotations

from dataclasses import replace

from embedrank.synthesis.context import StepContext
from embedrank.synthesis.draft import Draft, Rejected, Wish
from embedrank.synthesis.excerpt import NO_EXCERPT, excerpt_of
from embedrank.synthesis.kinds.row import row_of
from embedrank.synthesis.passage import Passage
from embedrank.synthesis.step import Step
from embedrank.synthesis.steps.negatives import NegativesStep
from embedrank.synthesis.steps.translate import TranslateStep


class Bitext:
    """The text in the wished language is the query, the passage's own words are the positive."""

    name = "bitext"
    task = "bitext"

    def unserved(self, passage: Passage) -> str | None:
        """Code is translated by the kind `code`."""
        return "is code" if passage.is_code else None

    def has_asker(self, wish: Wish) -> bool:
        """Nobody asks."""
        return False

    def begin(self, draft: Draft) -> Draft | Rejected:
        """The data's translation with the whole passage, whatever its length; else an excerpt of the wished length."""
        lang, passage = draft.wish.lang, draft.passage
        if lang is None or lang == passage.lang:
            detail = "the passage has no translation and the plan names no other language"
            return Rejected(stage="plan", reason="no other language", detail=detail)
        if lang in passage.translations:
            found = {"query": passage.translations[lang].strip(), "positive": passage.text.strip()}
            return replace(draft, facts={**draft.facts, **found})
        excerpt = excerpt_of(draft)
        return replace(draft, facts={**draft.facts, "positive": excerpt}) if excerpt else NO_EXCERPT

    def steps(self, context: StepContext) -> tuple[Step, ...]:
        """Translate, negatives."""
        return TranslateStep(context=context), NegativesStep(context=context)

    def finish(self, draft: Draft, context: StepContext) -> Draft | Rejected:
        """The pair."""
        facts = draft.facts
        row = row_of(self, draft, context, query=facts["query"], positive=facts["positive"])
        return replace(draft, row=replace(row, negatives=tuple(facts.get("negatives", ()))))
