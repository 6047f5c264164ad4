"""What clients say vectors are for, in the words of several APIs, and what stands before the texts then.

Queries of retrieval get the model's own instruction, documents none. Where texts are only compared with each other,
both sides are read as queries with the instruction of the published evaluation for that kind of task.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from embedrank.evaluation.instructions import instructions
from embedrank.serving.service import Service

# Key of a kind of task in the table of instructions; None for the two sides of retrieval.
_QUERY: Final = ("query", None)
_DOCUMENT: Final = ("document", None)
TASKS: Final[Mapping[str, tuple[Literal["query", "document"], str | None]]] = MappingProxyType(
    {
        # Cohere's input_type
        "search_query": _QUERY,
        "search_document": _DOCUMENT,
        "classification": ("query", "classification"),
        "clustering": ("query", "clustering"),
        # Jina's task
        "retrieval.query": _QUERY,
        "retrieval.passage": _DOCUMENT,
        "code.query": _QUERY,
        "code.passage": _DOCUMENT,
        "text-matching": ("query", "sts"),
        "separation": ("query", "clustering"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompting:
    """How texts are read.

    Attributes:
        side: As queries or as documents.
        instruction: The task before queries; None for the model's own.
    """

    side: Literal["query", "document"]
    instruction: str | None = None


async def prompting_of(task: str, service: Service, *, model: str | None, instruction: str | None) -> Prompting:
    """How texts are read for a task.

    Args:
        task: A key of `TASKS`.
        service: Knows the model.
        model: Name of the embedder; None for the first.
        instruction: The client's own, which wins.

    Returns:
        Side and instruction.

    Raises:
        EmbedrankError: If the model cannot be had.
    """
    side, kind = TASKS[task]
    if instruction is not None or kind is None or not await service.reads_instructions(model):
        return Prompting(side=side, instruction=instruction)
    return Prompting(side=side, instruction=instructions()["tasks"][kind])
