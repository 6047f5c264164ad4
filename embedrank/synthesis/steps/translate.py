"""Bitext: the excerpt in another language, where the data has no translation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from embedrank.synthesis.draft import Draft, Rejected
from embedrank.synthesis.schema import TEXT, object_of
from embedrank.synthesis.steps.asking import AskingStep, language_text


class TranslateStep(AskingStep):
    """The translation becomes the query, the excerpt its positive."""

    name: ClassVar[str] = "bitext"

    def is_needed(self, draft: Draft) -> bool:
        """Not where the data has the translation."""
        return "query" not in draft.facts

    def values(self, draft: Draft) -> Mapping[str, str]:
        """What into which language."""
        return {"excerpt": draft.facts["positive"], "language": language_text(draft)}

    def schema(self, draft: Draft) -> Mapping[str, Any]:
        """A text."""
        return object_of({"text": TEXT})

    def facts(self, draft: Draft, found: Mapping[str, Any]) -> Mapping[str, Any] | Rejected:
        """The query; an excerpt that came back as it was is no translation."""
        query = found["text"].strip()
        if query.casefold() == draft.facts["positive"].casefold():
            return self.refused("not translated", "the answer is the text itself")
        return {"query": query}
