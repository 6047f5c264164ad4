"""Code: a description, a question or a look-up that finds code; or code that finds its translation."""

from __future__ import annotations

from dataclasses import replace

from embedrank.core.types import joined_text
from embedrank.synthesis.context import StepContext
from embedrank.synthesis.draft import Draft, Rejected, Wish
from embedrank.synthesis.kinds.row import row_of
from embedrank.synthesis.passage import Passage
from embedrank.synthesis.plan_config import TRANSLATION
from embedrank.synthesis.removal import without
from embedrank.synthesis.step import Step
from embedrank.synthesis.steps.configure import ConfigureStep
from embedrank.synthesis.steps.describe_code import DescribeCodeStep
from embedrank.synthesis.steps.negatives import NegativesStep
from embedrank.synthesis.steps.translate_code import TranslateCodeStep


class Code:
    """Documentation of interfaces counts as code where its set says that it is code."""

    name = "code"
    task = "code"

    def unserved(self, passage: Passage) -> str | None:
        """Only code serves."""
        return None if passage.is_code else "not code"

    def has_asker(self, wish: Wish) -> bool:
        """A description or a question has one."""
        return wish.query_type != TRANSLATION

    def begin(self, draft: Draft) -> Draft | Rejected:
        """Of translations the query is the passage, and the positive may be in the data."""
        if draft.wish.query_type != TRANSLATION:
            return draft
        lang, passage = draft.wish.lang, draft.passage
        if lang is None or lang == passage.lang:
            return Rejected(
                stage="plan", reason="no other language", detail="no programming language to translate into"
            )
        found = {"query": passage.text.strip(), "positive_lang": lang}
        if lang in passage.translations:
            found["positive"] = passage.translations[lang].strip()
        return replace(draft, facts={**draft.facts, **found})

    def steps(self, context: StepContext) -> tuple[Step, ...]:
        """Configure, describe or translate, negatives."""
        return (
            ConfigureStep(context=context),
            DescribeCodeStep(context=context),
            TranslateCodeStep(context=context),
            NegativesStep(context=context),
        )

    def finish(self, draft: Draft, context: StepContext) -> Draft | Rejected:
        """The code, less the comment that the query was taken from, as the positive; or the translation."""
        facts, lang = draft.facts, draft.wish.lang
        if draft.wish.query_type == TRANSLATION:
            positive, lang = facts["positive"], draft.passage.lang
        else:
            positive = joined_text(*without(draft.passage, facts.get("removed", ())))
        if not positive.strip():
            return Rejected(stage=self.name, reason="nothing left", detail="the query took the whole passage")
        row = row_of(self, draft, context, query=facts["query"], positive=positive)
        return replace(draft, row=replace(row, negatives=tuple(facts.get("negatives", ())), lang=lang))
