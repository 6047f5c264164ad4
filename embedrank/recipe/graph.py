"""The graph of steps: what has to run for a step, in which order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from embedrank.core.errors import ConfigError
from embedrank.recipe.places import texts_at
from embedrank.recipe.reference import read_reference
from embedrank.recipe.step import Step


def in_order(steps: Mapping[str, Step], targets: Iterable[str]) -> list[Step]:
    """Steps that targets need, and the targets, each behind what it needs.

    Args:
        steps: All steps.
        targets: Names.

    Returns:
        The steps, in the order of the recipe as far as inputs allow.

    Raises:
        ConfigError: If a step waits for itself, or names one that is not there.
    """
    names, found, path = frozenset(steps), dict[str, Step](), list[str]()

    def visit(name: str) -> None:
        if name in found:
            return
        if name in path:
            circle = " -> ".join([*path[path.index(name) :], name])
            raise ConfigError("recipe", "steps", circle, "these wait for each other in a circle")
        path.append(name)
        for reference in steps[name].inputs(names):
            needed = reference.of_step
            if needed is not None and needed not in names:
                raise ConfigError(
                    f"step {name}", "input", reference.text, f"there is no step {needed}; there are {', '.join(steps)}"
                )
            if needed is not None:
                visit(needed)
        found[name] = steps[path.pop()]

    for name in targets:
        if name not in steps:
            raise ConfigError("recipe", "result", name, f"there is no such step; there are {', '.join(steps)}")
        visit(name)
    return list(found.values())


def require_sound(steps: Mapping[str, Step], targets: Iterable[str], variant: str, *, is_variant: bool) -> None:
    """Refuse circles, steps and outputs that are not there, and inputs that are no references.

    Args:
        steps: All steps of a variant.
        targets: What they run for.
        variant: Its name, for errors.
        is_variant: Whether only what its targets need has to be sound; else all steps.

    Raises:
        ConfigError: If there is one.
    """
    try:
        needed = in_order(steps, targets if is_variant else [*targets, *steps])
        names = frozenset(steps)
        for step in needed:
            _require_models(step, names)
            for reference in step.inputs(names):
                _require_output(step, reference.text, reference.of_step, reference.output, steps)
                if not reference.step and reference.text == reference.part and not reference.text.startswith("/"):
                    raise ConfigError(
                        f"step {step.name}", "input", reference.text, "is no step, data/..., here/... or path"
                    )
    except ConfigError as error:
        if not is_variant:
            raise
        raise ConfigError(f"variant {variant}, {error.component}", error.field, error.value, error.limit) from error


def _require_models(step: Step, names: frozenset[str]) -> None:
    """Refuse a misspelt step where a model is read; hub ids and paths have a slash, models of others a colon."""
    from embedrank.model.presets import presets

    for text in texts_at(step.settings, step.kind.models):
        reference = read_reference(text)
        is_input = reference is not None and (reference.of_step is None or reference.of_step in names)
        if not is_input and not set(text) & {"/", ":"} and text not in presets():
            raise ConfigError(
                f"step {step.name}",
                "model",
                text,
                f"is no step, preset, folder or hub id; steps are {', '.join(sorted(names))}",
            )


def _require_output(step: Step, text: str, needed: str | None, output: str, steps: Mapping[str, Step]) -> None:
    if needed is None or not output:
        return
    there = steps[needed].kind.outputs_of(steps[needed].settings)
    if output not in there:
        raise ConfigError(f"step {step.name}", "input", text, f"{needed} has no such output; it has {', '.join(there)}")
