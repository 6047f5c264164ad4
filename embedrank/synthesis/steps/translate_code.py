"""Code translation: the same code in another programming language, where the data has none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from embedrank.synthesis.draft import Draft, Rejected
from embedrank.synthesis.languages import language_name
from embedrank.synthesis.plan_config import TRANSLATION
from embedrank.synthesis.schema import TEXT, object_of
from embedrank.synthesis.steps.asking import AskingStep


class TranslateCodeStep(AskingStep):
    """The passage becomes the query, its translation the positive."""

    name: ClassVar[str] = "code_translation"

    def is_needed(self, draft: Draft) -> bool:
        """Only for translations that the data does not have."""
        return draft.wish.query_type == TRANSLATION and "positive" not in draft.facts

    def values(self, draft: Draft) -> Mapping[str, str]:
        """From which language into which."""
        return {
            "code_language": language_name(draft.passage.lang or "unknown"),
            "target_language": language_name(draft.wish.lang or "unknown"),
        }

    def schema(self, draft: Draft) -> Mapping[str, Any]:
        """Code."""
        return object_of({"code": TEXT})

    def facts(self, draft: Draft, found: Mapping[str, Any]) -> Mapping[str, Any] | Rejected:
        """The positive; code that came back as it was is no translation."""
        code = found["code"].strip()
        if code.split() == draft.passage.text.split():
            return self.refused("not translated", "the answer is the code itself")
        return {"positive": code}
