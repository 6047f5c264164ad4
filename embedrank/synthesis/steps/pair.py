"""STS: a second sentence at a wished distance from the first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from embedrank.synthesis.draft import Draft, Rejected
from embedrank.synthesis.schema import TEXT, object_of
from embedrank.synthesis.steps.asking import AskingStep, language_text


class PairStep(AskingStep):
    """The grades are those of the STS benchmark, 0 to 5, as shares of the highest.

    Source: Cer et al. 2017, SemEval-2017 Task 1, arXiv 1708.00055, table 1; the wording is our own.
    """

    name: ClassVar[str] = "sts"

    def values(self, draft: Draft) -> Mapping[str, str]:
        """The first sentence."""
        return {"sentence": draft.facts["excerpt"], "language": language_text(draft)}

    def choices(self, draft: Draft) -> Mapping[str, str | None]:
        """The grade."""
        return {"score": str(draft.wish.score)}

    def schema(self, draft: Draft) -> Mapping[str, Any]:
        """A sentence."""
        return object_of({"text": TEXT})

    def facts(self, draft: Draft, found: Mapping[str, Any]) -> Mapping[str, Any] | Rejected:
        """The second sentence, which is another one."""
        text = found["text"].strip()
        if text.casefold() == draft.facts["excerpt"].casefold():
            return self.refused("same text twice", "the second sentence is the first")
        return {"second": text}

    def told(self, draft: Draft) -> Mapping[str, Any]:
        """The first sentence."""
        return {"excerpt": draft.facts["excerpt"]}
