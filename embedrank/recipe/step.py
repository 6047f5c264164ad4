"""A step: a name, a kind, and its settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from embedrank.recipe.kinds.kind import StepKind
from embedrank.recipe.places import texts_at
from embedrank.recipe.reference import Reference, read_reference


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of a recipe or of a variant of it.

    Attributes:
        name: Its name.
        kind: What it is.
        settings: Everything else that was said, without `kind`.
        seed: Of its draws.
    """

    name: str
    kind: StepKind
    settings: Mapping[str, Any]
    seed: int

    def inputs(self, names: frozenset[str]) -> list[Reference]:
        """What it reads, in the order in which settings name it, each once.

        Args:
            names: Of all steps; a model that is none of them is a preset or a hub id and no input.

        Returns:
            The references.
        """
        found: dict[str, Reference] = {}
        models = set(texts_at(self.settings, self.kind.models))
        for text in texts_at(self.settings, (*self.kind.models, *self.kind.files)):
            reference = read_reference(text)
            if reference is None or (reference.of_step is not None and reference.of_step not in names):
                if text in models:
                    continue
                reference = reference or Reference(text=text, part=text)
            found[text] = reference
        return list(found.values())
