"""Prompts are data: one YAML a step, with texts of choices and worked examples. A prompt has a version and a digest.

`$name` in a prompt stands for a value; values are put in once and never read as a prompt.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from string import Template
from typing import Any, Final

from embedrank.core.errors import InvalidInputError
from embedrank.core.generation import Message
from embedrank.core.settings import build, read_yaml
from embedrank.synthesis.data_files import data_file

MAX_EXAMPLES: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One request with the answer it should get.

    Attributes:
        choices: Values of choices it is an example of; shown where they are those of the request.
        values: Other values of the prompt.
        answer: The answer.
    """

    choices: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, str]
    answer: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """How one step asks.

    Attributes:
        version: Grows whenever the texts change.
        system: System turn; `$domain` is what a domain adds.
        user: User turn.
        choices: For names in the user turn the texts of what may be chosen.
        examples: Worked examples.
        digest: First digits of a hash of all that decides what is asked.
    """

    version: int
    system: str
    user: str
    choices: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    examples: Sequence[Example] = ()
    digest: str = ""

    @property
    def mark(self) -> str:
        """What rows say of the prompt that made them."""
        return f"{self.version}:{self.digest}"

    def messages(self, values: Mapping[str, str], choices: Mapping[str, str], domain: str) -> tuple[Message, ...]:
        """The chat that asks.

        Args:
            values: Texts by name.
            choices: What is chosen, by name.
            domain: What a domain adds to the system turn, or an empty string.

        Returns:
            System turn, examples with their answers, user turn.
        """
        system = Template(self.system).substitute(domain=domain).strip()
        turns = [Message(role="system", content=system)]
        fitting = [shown for shown in self.examples if shown.choices.items() <= choices.items()]
        for example in fitting[:MAX_EXAMPLES]:
            turns.append(Message(role="user", content=self._turn(example.values, {**choices, **example.choices})))
            turns.append(Message(role="assistant", content=json.dumps(example.answer, ensure_ascii=False)))
        return (*turns, Message(role="user", content=self._turn(values, choices)))

    def _turn(self, values: Mapping[str, str], choices: Mapping[str, str]) -> str:
        texts = {name: self.choices[name][choice] for name, choice in choices.items() if name in self.choices}
        return Template(self.user).substitute({**texts, **values}).strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptLibrary:
    """The prompts of a run.

    Attributes:
        prompts: By step.
        domain: What the run's domain adds.
        instructions: Task in one English sentence for rows, by kind and type.
    """

    prompts: Mapping[str, Prompt]
    domain: str = ""
    instructions: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Prompt:
        return self.prompts[name]

    def instruction(self, kind: str, query_type: str | None) -> str | None:
        """The instruction of a row.

        Args:
            kind: Its kind.
            query_type: Its type, where it has one.

        Returns:
            One sentence; None where the kind has none.
        """
        known = self.instructions.get(kind, {})
        return known.get(query_type or "any", known.get("any"))


def load_prompts(domain: str | None = None, folder: Path | None = None) -> PromptLibrary:
    """Read the prompts.

    Args:
        domain: A domain preset, or None.
        folder: Where they lie; None for those of this package.

    Returns:
        The library.

    Raises:
        InvalidInputError: If a file is missing or malformed.
        ConfigError: If a file has unknown keys.
    """
    folder = data_file("prompts") if folder is None else folder
    domains = read_yaml(folder / "domains.yaml")
    if domain is not None and domain not in domains:
        raise InvalidInputError(f"domain {domain!r}", f"is not in {folder / 'domains.yaml'}")
    added = str(domains[domain]) if domain else ""
    found = {}
    for path in sorted(folder.glob("*.yaml")):
        if path.stem not in ("domains", "instructions"):
            found[path.stem] = _prompt(path, added)
    return PromptLibrary(prompts=found, domain=added, instructions=read_yaml(folder / "instructions.yaml"))


def _prompt(path: Path, domain: str) -> Prompt:
    content = read_yaml(path)
    examples = [build(Example, example) for example in content.pop("examples", ())]
    told = json.dumps([path.read_text(encoding="utf-8"), domain])
    digest = hashlib.sha256(told.encode()).hexdigest()[:12]
    return build(Prompt, {**content, "examples": examples, "digest": digest})
