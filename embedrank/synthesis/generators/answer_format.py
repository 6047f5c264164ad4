"""How an endpoint is held to JSON: by schema where it can, by less where it refuses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from embedrank.synthesis.generators.openai_config import ANSWER_FORMATS, AUTO


class AnswerFormats:
    """What is known of an endpoint, shared by all requests to it."""

    def __init__(self, wanted: str) -> None:
        """Begin with the strictest.

        Args:
            wanted: `auto`, or the one format to use.
        """
        self._left = list(ANSWER_FORMATS) if wanted == AUTO else [wanted]
        self._first_has_worked = False

    def first(self) -> str:
        """The strictest that was not refused so far."""
        return self._left[0]

    def weaker(self, refused: str) -> str | None:
        """What to try after a refusal.

        Args:
            refused: The format that was sent.

        Returns:
            The next one; None where there is none, and the refusal means the request itself.
        """
        place = self._left.index(refused) + 1 if refused in self._left else 0
        return self._left[place] if place < len(self._left) else None

    def worked(self, format_: str) -> list[str]:
        """Remember that a format was taken: if no stricter one ever was, this endpoint refuses those.

        Args:
            format_: The format that was sent.

        Returns:
            The stricter ones that are given up now.
        """
        if format_ == self._left[0]:
            self._first_has_worked = True
        if self._first_has_worked or format_ not in self._left:
            return []
        given_up = self._left[: self._left.index(format_)]
        self._left = self._left[len(given_up) :]
        return given_up


def response_format(format_: str, schema: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The field `response_format` of a request.

    Args:
        format_: One of `ANSWER_FORMATS`.
        schema: JSON schema of the answer; None for free text.

    Returns:
        The field; None where it is left out.

    Source:
        https://platform.openai.com/docs/guides/structured-outputs
    """
    if schema is None or format_ == "plain":
        return None
    if format_ == "json_object":
        return {"type": "json_object"}
    return {"type": "json_schema", "json_schema": {"name": "answer", "schema": dict(schema), "strict": True}}
