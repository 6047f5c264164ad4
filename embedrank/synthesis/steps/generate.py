"""Generate: the query for a passage, in the wanted type, difficulty, length and language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from embedrank.synthesis.draft import Draft, Rejected
from embedrank.synthesis.schema import TEXT, list_of, object_of
from embedrank.synthesis.steps.asking import AskingStep, language_text, length_text

MAX_REMOVED = 8
_ANYONE = "someone who needs this text"


class GenerateStep(AskingStep):
    """Source: Qwen3 Embedding report, arXiv 2506.05176, section 3.2; the wording is our own."""

    name: ClassVar[str] = "generate"

    def values(self, draft: Draft) -> Mapping[str, str]:
        """Who asks, how long, in which language."""
        return {
            "persona": draft.facts.get("persona", _ANYONE),
            "length": length_text(draft),
            "language": language_text(draft),
        }

    def choices(self, draft: Draft) -> Mapping[str, str | None]:
        """Type and difficulty: those of the configure step, where the plan left them open."""
        return {
            "query_type": draft.facts.get("query_type") or draft.wish.query_type or "acquire_knowledge",
            "difficulty": draft.facts.get("difficulty") or draft.wish.difficulty or "university",
        }

    def schema(self, draft: Draft) -> Mapping[str, Any]:
        """The query. Rules that copy one from the passage say what has to go from the passage for it."""
        if self.context.reads_prose:
            return object_of({"query": TEXT})
        removed = list_of(TEXT, least=0, most=MAX_REMOVED)
        return object_of({"query": TEXT, "removed": removed}, optional=("removed",))

    def facts(self, draft: Draft, found: Mapping[str, Any]) -> Mapping[str, Any] | Rejected:
        """The query, and what goes from the passage."""
        if self.context.reads_prose:
            return {"query": found["query"].strip(), **self.choices(draft)}
        passage = draft.passage
        if any(text not in passage.text and text != passage.title for text in found.get("removed", ())):
            return self.refused("wrong shape", "what is to be removed is not in the passage")
        return {"query": found["query"].strip(), "removed": tuple(found.get("removed", ())) or None}
