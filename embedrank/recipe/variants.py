"""Variants: named changes to a recipe's steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from embedrank.core.errors import ConfigError
from embedrank.core.settings import put_in
from embedrank.recipe.kinds.kind import StepKind
from embedrank.recipe.kinds.registry import KINDS
from embedrank.recipe.places import replaced_at, texts_at
from embedrank.recipe.reference import read_reference


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantConfig:
    """What a variant changes.

    Attributes:
        about: What it shows, in a line.
        set: Dotted names, such as `fine.objective.loss.margin`, to values that take the place of what stands there.
        leave_out: Steps that are left out. What they would have read takes their place where they are named; where
            nothing can, they are taken out of lists and mappings of inputs.
    """

    about: str = ""
    set: Mapping[str, Any] = field(default_factory=dict)
    leave_out: Sequence[str] = ()

    def __post_init__(self) -> None:
        if not isinstance(self.set, Mapping):
            raise ConfigError("variant", "set", self.set, "must be a mapping of dotted names")
        if isinstance(self.leave_out, str):
            raise ConfigError("variant", "leave_out", self.leave_out, "must be a list of steps")
        if not self.set and not self.leave_out:
            raise ConfigError("variant", "set", {}, "changes nothing")


def varied(steps: Mapping[str, Any], variant: VariantConfig, *, name: str) -> dict[str, Any]:
    """Apply a variant.

    Args:
        steps: Name to settings; not changed.
        variant: What is changed.
        name: Of the variant, for errors.

    Returns:
        The changed steps.

    Raises:
        ConfigError: If it names no step, or something needs a step that is left out.
    """
    changed: dict[str, Any] = deepcopy(dict(steps))
    for place, value in variant.set.items():
        if place.split(".")[0] not in changed or "." not in place:
            raise ConfigError(f"variant {name}", "set", place, f"begins with no step; there are {', '.join(changed)}")
        put_in(changed, place, deepcopy(value))
    for step in variant.leave_out:
        if step not in changed:
            raise ConfigError(f"variant {name}", "leave_out", step, f"is no step; there are {', '.join(changed)}")
        settings = changed.pop(step)
        for other, each in changed.items():
            changed[other] = _less(each, step, _stand_ins(settings), where=f"variant {name}, step {other}")
    return changed


def _stand_ins(settings: Any) -> list[str]:
    """What a step would have read."""
    kind = _kind_of(settings)
    if kind is None or not kind.takes_place:
        return []
    return list(texts_at(settings, (kind.takes_place, f"{kind.takes_place}.*")))


def _kind_of(settings: Any) -> StepKind | None:
    """None where there is no such kind, which is refused later, with a better message."""
    return KINDS.get(str(settings.get("kind"))) if isinstance(settings, Mapping) else None


def _less(settings: Any, step: str, stand_ins: list[str], *, where: str) -> Any:
    kind = _kind_of(settings)
    if kind is None:
        return settings

    def replace(text: str) -> Any:
        reference = read_reference(text)
        if reference is None or reference.step != step:
            return text
        return stand_ins[0] if len(stand_ins) == 1 else list(stand_ins)

    changed = replaced_at(settings, (*kind.models, *kind.files), replace)
    for place in (*kind.models, *kind.files):
        if "*" not in place and "." not in place and list(texts_at(settings, (place,))) and place not in changed:
            raise ConfigError(where, place, settings[place], "needs a step that is left out; set it to another")
    return changed
