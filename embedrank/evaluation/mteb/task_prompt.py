"""What is put before the texts of one task."""

from __future__ import annotations

from dataclasses import dataclass

from mteb.types import PromptType

from embedrank.evaluation.mteb.side import Side


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskPrompt:
    """How the sides of a task are put to the model.

    Attributes:
        query: Queries.
        document: Documents and candidates.
        symmetric: Texts of tasks without sides: sentences to compare, to classify, to cluster.
        source: Where the instruction comes from, for the report.
        is_own: Whether it was written for this task; False for one that stands for all tasks of a type.
    """

    query: Side
    document: Side
    symmetric: Side
    source: str
    is_own: bool

    def side(self, prompt_type: PromptType | None) -> Side:
        """How texts are put that mteb gives this type."""
        if prompt_type is None:
            return self.symmetric
        return self.query if prompt_type == PromptType.query else self.document

    def as_json(self) -> dict[str, object]:
        """The prompts as plain values."""
        sides = {"query": self.query, "document": self.document, "symmetric": self.symmetric}
        return {**{name: str(side) for name, side in sides.items()}, "source": self.source, "is_own": self.is_own}
