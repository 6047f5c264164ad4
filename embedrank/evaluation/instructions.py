"""Which instruction a set is measured with, and before which of its texts it stands.

The published run put the instruction before every text of every task but the documents of retrieval, so also before
the candidates of reranking (protocol `report`); the loader of the mteb library leaves those raw (protocol `mteb`).
Of the other tasks no side is a document, and both protocols instruct them alike.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final, Literal

from embedrank.core.errors import ConfigError

PROTOCOLS: Final = ("report", "mteb")
Source = Literal["given", "set", "task", "model", "none"]
_TOLD: Final[Mapping[Source, str]] = {
    "task": "no instruction is known for {name}; that of its kind of task was used",
    "none": "the model reads texts without instructions, so none was given (--instruction gives one)",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompting:
    """How texts of one set are prompted.

    Attributes:
        protocol: One of `PROTOCOLS`.
        instruction: What stands before instructed texts; None leaves it to the model, an empty string is none.
        source: Where it comes from: given by the user, kept for the set or for its kind of task, the model's own, or
            none because the model was made to read texts raw.
    """

    protocol: str = "report"
    instruction: str | None = None
    source: Source = "model"

    def __post_init__(self) -> None:
        if self.protocol not in PROTOCOLS:
            raise ConfigError("evaluation", "prompts", self.protocol, f"must be one of {', '.join(PROTOCOLS)}")

    def as_json(self) -> dict[str, object]:
        """What has to be known to repeat it."""
        return {"prompts": self.protocol, "instruction": self.instruction, "instruction_source": self.source}

    def notes(self, name: str) -> list[str]:
        """What a reader of the figures must know.

        Args:
            name: Of the set.

        Returns:
            A sentence where the instruction is not the set's own.
        """
        return [_TOLD[self.source].format(name=name)] if self.source in _TOLD else []


def prompting_for(name: str, task: str, *, protocol: str, given: str | None, model_default: str | None) -> Prompting:
    """Choose the instruction of a set.

    Args:
        name: Of the set: its folder's.
        task: Kind of task.
        protocol: One of `PROTOCOLS`.
        given: The user's instruction, which wins; an empty string for none.
        model_default: The task that the model puts before queries by itself; None where it reads them raw.

    Returns:
        The choice.

    Raises:
        ConfigError: If the protocol is unknown.
    """
    if given is not None:
        return Prompting(protocol=protocol, instruction=given, source="given")
    if model_default is None:
        return Prompting(protocol=protocol, instruction="", source="none")
    known = instructions()
    if name in known["sets"]:
        return Prompting(protocol=protocol, instruction=known["sets"][name], source="set")
    if task in known["tasks"]:
        return Prompting(protocol=protocol, instruction=known["tasks"][task], source="task")
    return Prompting(protocol=protocol, instruction=None, source="model")


@cache
def instructions() -> Mapping[str, Mapping[str, str]]:
    """The table that ships with the package: `tasks` by kind of task, `sets` by name of a folder."""
    path = resources.files("embedrank").joinpath("data/evaluation/instructions.json")
    table: Mapping[str, Mapping[str, str]] = json.loads(path.read_text(encoding="utf-8"))
    return table
