"""Protocol `model`: as the model is used outside of benchmarks, the same for every task."""

from __future__ import annotations

from mteb.abstasks.abstask import AbsTask

from embedrank.evaluation.cached_encoder import DOCUMENT, OWN_QUERY
from embedrank.evaluation.mteb.task_prompt import TaskPrompt, instructed


def model_prompt(task: AbsTask) -> TaskPrompt:
    """The model's own instruction before queries; documents and texts of tasks without sides as documents.

    Args:
        task: The task, which makes no difference.

    Returns:
        The prompt.
    """
    return TaskPrompt(query=OWN_QUERY, document=DOCUMENT, symmetric=DOCUMENT, source="the model", is_own=True)


def given_prompt(instruction: str) -> TaskPrompt:
    """One instruction for whatever task: before queries and texts without sides; documents raw.

    Args:
        instruction: The task in one English sentence; empty for none.

    Returns:
        The prompt.
    """
    side = instructed(instruction)
    return TaskPrompt(query=side, document=DOCUMENT, symmetric=side, source="given", is_own=True)
