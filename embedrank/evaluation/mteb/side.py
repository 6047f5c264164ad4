"""One side of a task: how its texts are put to an embedder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """How a text is put to the model.

    Attributes:
        is_query: As a query, or as a document.
        instruction: The task before a query; None takes the model's own.
    """

    is_query: bool
    instruction: str | None = None

    def __str__(self) -> str:
        """The side and its instruction, for reports."""
        if not self.is_query:
            return "document"
        return "query" if self.instruction is None else f"query: {self.instruction}"


DOCUMENT: Final = Side(is_query=False)
OWN_QUERY: Final = Side(is_query=True)


def instructed(instruction: str) -> Side:
    """The side that reads a text after an instruction; as a document, raw, where the instruction is empty."""
    return Side(is_query=True, instruction=instruction) if instruction else DOCUMENT
