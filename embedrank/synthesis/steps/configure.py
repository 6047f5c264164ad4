"""Configure: which of the likely askers asks, and what kind of question, where the plan leaves that open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from embedrank.synthesis.draft import Draft, Rejected
from embedrank.synthesis.plan_config import CODE_TYPES, DIFFICULTIES, QUERY_TYPES
from embedrank.synthesis.schema import object_of
from embedrank.synthesis.steps.asking import AskingStep


class ConfigureStep(AskingStep):
    """Chooses by number, so that a persona is taken over to the letter.

    Source: Qwen3 Embedding report, arXiv 2506.05176, section 3.2; the wording is our own.
    """

    name: ClassVar[str] = "configure"

    def is_needed(self, draft: Draft) -> bool:
        """Not where nobody asks."""
        return bool(draft.facts.get("personas"))

    def values(self, draft: Draft) -> Mapping[str, str]:
        """The personas, numbered, and what may be chosen."""
        personas = enumerate(draft.facts["personas"], start=1)
        return {
            "personas": "\n".join(f"{number}. {persona}" for number, persona in personas),
            "query_types": self._listed("query_type", _types(draft)),
            "difficulties": self._listed("difficulty", _difficulties(draft)),
        }

    def _listed(self, name: str, choices: Sequence[str]) -> str:
        texts = self.context.prompts[self.name].choices[name]
        return "\n".join(f"- {choice}: {texts[choice]}" for choice in choices)

    def schema(self, draft: Draft) -> Mapping[str, Any]:
        """A number, a type, a difficulty."""
        return object_of(
            {
                "persona": {"type": "integer", "minimum": 1, "maximum": len(draft.facts["personas"])},
                "query_type": {"type": "string", "enum": _types(draft)},
                "difficulty": {"type": "string", "enum": _difficulties(draft)},
            }
        )

    def facts(self, draft: Draft, found: Mapping[str, Any]) -> Mapping[str, Any] | Rejected:
        """The persona's text instead of its number; the others are forgotten."""
        persona = draft.facts["personas"][found["persona"] - 1]
        return {
            "persona": persona,
            "query_type": found["query_type"],
            "difficulty": found["difficulty"],
            "personas": None,
        }


def _types(draft: Draft) -> list[str]:
    if draft.wish.query_type is not None:
        return [draft.wish.query_type]
    return list(CODE_TYPES if draft.wish.kind == "code" else QUERY_TYPES)


def _difficulties(draft: Draft) -> list[str]:
    return list(DIFFICULTIES) if draft.wish.difficulty is None else [draft.wish.difficulty]
