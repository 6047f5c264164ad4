"""Hard negatives: texts written to look like the answer and to be none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from embedrank.synthesis.draft import Draft, Rejected
from embedrank.synthesis.languages import language_name
from embedrank.synthesis.schema import TEXT, list_of, object_of
from embedrank.synthesis.steps.asking import UNKNOWN_LANGUAGE, AskingStep

LEAST: Final = 3
"""Fewest negatives that are taken; fewer different ones reject the draft."""

_MOST_READ: Final = 8


class NegativesStep(AskingStep):
    """Asks once the query is there."""

    name: ClassVar[str] = "negatives"

    def is_needed(self, draft: Draft) -> bool:
        """Where the plan wants some."""
        return self.context.num_negatives > 0

    def values(self, draft: Draft) -> Mapping[str, str]:
        """The query and how many."""
        code = draft.facts.get("positive_lang") or draft.passage.lang
        return {
            "query": draft.facts["query"],
            "answer": draft.facts.get("positive") or self.context.shown(draft.passage),
            "number": str(self.context.num_negatives),
            "language": language_name(code) if code else UNKNOWN_LANGUAGE,
        }

    def schema(self, draft: Draft) -> Mapping[str, Any]:
        """A list of texts; a few more than asked for are no fault."""
        return object_of({"negatives": list_of(TEXT, least=LEAST, most=_MOST_READ)})

    def facts(self, draft: Draft, found: Mapping[str, Any]) -> Mapping[str, Any] | Rejected:
        """Negatives that differ from each other, from the passage and from the query."""
        known = {_folded(text) for text in (draft.passage.text, self.values(draft)["answer"], draft.facts["query"])}
        kept = []
        for text in found["negatives"]:
            if _folded(text) not in known:
                known.add(_folded(text))
                kept.append(text.strip())
        if len(kept) < LEAST:
            return self.refused("too few negatives", f"{len(kept)} different ones of {len(found['negatives'])}")
        return {"negatives": tuple(kept[: self.context.num_negatives])}


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()
