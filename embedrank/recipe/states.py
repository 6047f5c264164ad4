"""Which steps are done, and which would run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from embedrank.recipe.digest import text_digest
from embedrank.recipe.graph import in_order
from embedrank.recipe.step import Step
from embedrank.recipe.workspace import Placed, Workspace

DONE: Final = "done"
STALE: Final = "stale"
MISSING: Final = "missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """One step of one variant.

    Attributes:
        variant: Its variant.
        step: Its name.
        kind: Its kind.
        state: `done`; `stale`, where it has run for other settings or inputs only; `missing`, where it never ran.
        inputs: What it reads, as the recipe says it.
        key: Of the step; empty where it is not known before what it reads has run.
        folder: Name of its folder; empty likewise.
        shared_with: The earlier variant that has the same step; empty if none.
        wall_s: Seconds that it took; None where it is not done.
        cpu_s: Seconds of processors; None likewise.
        peak_rss_mib: Its largest memory; None likewise.
    """

    variant: str
    step: str
    kind: str
    state: str
    inputs: tuple[str, ...]
    key: str = ""
    folder: str = ""
    shared_with: str = ""
    wall_s: float | None = None
    cpu_s: float | None = None
    peak_rss_mib: float | None = None

    def as_json(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self)


def states_of(workspace: Workspace) -> list[State]:
    """Look at all steps of a recipe and of its variants; nothing is run or written.

    Args:
        workspace: The recipe in its folder.

    Returns:
        Steps by variant, each behind what it needs.
    """
    found: list[State] = []
    first: dict[str, str] = {}  # definition of a step to the variant that has it first
    for variant in workspace.recipe.names:
        steps = workspace.recipe.of(variant)
        placed: dict[str, Placed] = {}
        definitions: dict[str, str] = {}
        for step in in_order(steps, workspace.recipe.targets(variant)):
            inputs = tuple(reference.text for reference in step.inputs(frozenset(steps)))
            here = workspace.placed(step, placed, names=frozenset(steps))
            definitions[step.name] = _definition(step, definitions)
            shared = first.setdefault(definitions[step.name], variant)
            manifest = None if here is None else here.manifest
            if here is not None:
                placed[step.name] = here
            found.append(
                State(
                    variant=variant,
                    step=step.name,
                    kind=step.kind.name,
                    state=DONE if manifest else STALE if workspace.has_run(step.name) else MISSING,
                    inputs=inputs,
                    key="" if here is None else here.key,
                    folder="" if here is None else here.folder.name,
                    shared_with="" if shared == variant else shared,
                    wall_s=None if manifest is None else manifest.wall_s,
                    cpu_s=None if manifest is None else manifest.cpu_s,
                    peak_rss_mib=None if manifest is None else manifest.peak_rss_mib,
                )
            )
    return found


def _definition(step: Step, earlier: Mapping[str, str]) -> str:
    """What is known of a step before anything has run: what it says, and what the steps that it reads say."""
    read = sorted(reference.of_step or "" for reference in step.inputs(frozenset(earlier)))
    said = [step.name, step.kind.name, step.settings, step.seed, [earlier.get(name) for name in read]]
    return text_digest(json.dumps(said, sort_keys=True, default=str))
