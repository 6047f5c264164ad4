"""The prompt protocols by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from mteb.abstasks.abstask import AbsTask

from embedrank.core.errors import InvalidInputError
from embedrank.evaluation.mteb.library_prompts import library_prompt
from embedrank.evaluation.mteb.model_prompts import given_prompt, model_prompt
from embedrank.evaluation.mteb.report_prompts import report_prompt
from embedrank.evaluation.mteb.task_prompt import TaskPrompt

PROTOCOLS: Final[Mapping[str, Callable[[AbsTask], TaskPrompt]]] = MappingProxyType(
    {"report": report_prompt, "mteb": library_prompt, "model": model_prompt}
)


def prompts_of(protocol: str, tasks: Sequence[AbsTask], *, instruction: str | None = None) -> dict[str, TaskPrompt]:
    """What is put before the texts of each task.

    Args:
        protocol: Key of `PROTOCOLS`.
        tasks: The tasks.
        instruction: One for all of them, in the place of the model's own.

    Returns:
        Task name to prompt.

    Raises:
        InvalidInputError: If there is no such protocol, or it has instructions of its own beside the given one.
    """
    if protocol not in PROTOCOLS:
        raise InvalidInputError("--prompts", f"{protocol!r} is none of {', '.join(PROTOCOLS)}")
    if instruction is None:
        return {task.metadata.name: PROTOCOLS[protocol](task) for task in tasks}
    if protocol != "model":
        raise InvalidInputError("--instruction", f"protocol {protocol} has its own", hint="use --prompts model")
    return {task.metadata.name: given_prompt(instruction) for task in tasks}
