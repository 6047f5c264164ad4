"""The prompt protocols by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from mteb.abstasks.abstask import AbsTask

from embedrank.core.errors import InvalidInputError
from embedrank.evaluation.mteb.library_prompts import library_prompt
from embedrank.evaluation.mteb.report_prompts import report_prompt
from embedrank.evaluation.mteb.task_prompt import TaskPrompt
from embedrank.evaluation.mteb.uniform_prompts import OWN, given_prompt

PROTOCOLS: Final[Mapping[str, Callable[[AbsTask], TaskPrompt]]] = MappingProxyType(
    {"report": report_prompt, "mteb": library_prompt}
)


def prompts_of(
    protocol: str, tasks: Sequence[AbsTask], *, given: str | None = None, reads_instructions: bool = True
) -> dict[str, TaskPrompt]:
    """What is put before the texts of each task.

    Args:
        protocol: Key of `PROTOCOLS`.
        tasks: The tasks.
        given: The user's instruction for all of them, which wins; an empty string for none.
        reads_instructions: Whether the model was made to read them; one that was not keeps its own prompts.

    Returns:
        Task name to prompt.

    Raises:
        InvalidInputError: If there is no such protocol.
    """
    if protocol not in PROTOCOLS:
        raise InvalidInputError("--prompts", f"{protocol!r} is none of {', '.join(PROTOCOLS)}")
    if given is not None:
        return {task.metadata.name: given_prompt(given) for task in tasks}
    if not reads_instructions:
        return {task.metadata.name: OWN for task in tasks}
    return {task.metadata.name: PROTOCOLS[protocol](task) for task in tasks}
