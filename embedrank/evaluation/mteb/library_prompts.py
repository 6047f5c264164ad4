"""Protocol `mteb`: as the library's own loader of these models prompts them."""

from __future__ import annotations

from mteb.abstasks.abstask import AbsTask

from embedrank.evaluation.mteb.side import DOCUMENT, instructed
from embedrank.evaluation.mteb.task_prompt import TaskPrompt


def library_prompt(task: AbsTask) -> TaskPrompt:
    """The task's own prompt, or that of its kind, before every text but documents.

    Args:
        task: The task.

    Returns:
        The prompt.

    Source:
        mteb, models/model_implementations/qwen3_models.py (`q3e_instruct_loader`, no instruction before passages)
    """
    instruction, is_own = own_instruction(task)
    side = instructed(instruction)
    source = "the task in mteb" if is_own else f"mteb's prompt for all tasks like it ({task.metadata.type})"
    return TaskPrompt(query=side, document=DOCUMENT, symmetric=side, source=source, is_own=is_own)


def own_instruction(task: AbsTask) -> tuple[str, bool]:
    """What mteb says is to be done.

    Args:
        task: The task.

    Returns:
        The instruction, empty where there is none; and whether it is the task's own, not that of its kind.
    """
    prompt = task.metadata.prompt
    if isinstance(prompt, dict):
        prompt = prompt.get("query") or next(iter(prompt.values()), "")
    return (prompt, True) if prompt else (getattr(task, "abstask_prompt", ""), False)
