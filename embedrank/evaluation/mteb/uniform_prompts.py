"""Prompts that are the same for every task: the model's own, one that the user gives, or none."""

from __future__ import annotations

from typing import Final

from embedrank.evaluation.mteb.side import DOCUMENT, OWN_QUERY, instructed
from embedrank.evaluation.mteb.task_prompt import TaskPrompt

OWN: Final = TaskPrompt(query=OWN_QUERY, document=DOCUMENT, symmetric=DOCUMENT, source="the model's own", is_own=True)
"""Before queries what the model puts there by itself."""


def given_prompt(instruction: str) -> TaskPrompt:
    """One instruction before queries and texts without sides; documents raw.

    Args:
        instruction: The task in one English sentence; empty for none.

    Returns:
        The prompt.
    """
    side = instructed(instruction)
    return TaskPrompt(query=side, document=DOCUMENT, symmetric=side, source="given", is_own=True)
