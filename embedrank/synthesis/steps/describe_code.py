"""Code: a description, a question or a look-up for code that is there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from embedrank.synthesis.draft import Draft
from embedrank.synthesis.languages import language_name
from embedrank.synthesis.plan_config import TRANSLATION
from embedrank.synthesis.steps.generate import GenerateStep


class DescribeCodeStep(GenerateStep):
    """As `generate`, by a prompt of its own."""

    name: ClassVar[str] = "code"

    def is_needed(self, draft: Draft) -> bool:
        """Not for code that is to be translated."""
        return draft.wish.query_type != TRANSLATION

    def values(self, draft: Draft) -> Mapping[str, str]:
        """Which programming language, besides."""
        return {**super().values(draft), "code_language": language_name(draft.passage.lang or "unknown")}
