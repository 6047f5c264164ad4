"""What a kind of step is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A step that is about to run.

    Attributes:
        folder: Its own folder, which is there; what an earlier, killed run left in it is still there too.
        settings: Of the step, with paths where references stood.
        seed: Of its draws.
        recipe_folder: Folder of the recipe's file.
    """

    folder: Path
    settings: Mapping[str, Any]
    seed: int
    recipe_folder: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class StepKind:
    """A kind of step.

    Attributes:
        name: What recipes call it.
        keys: Settings that it knows; None where `check` knows them.
        models: Places of settings (see `places`) that name a model: a step's, a preset, a folder or a hub id.
        files: Places that name inputs of other sorts.
        outputs: What steps of this kind leave, by name, as paths below their folder; the first is meant where a
            reference names none.
        takes_place: Place of the input that stands in for a step that a variant leaves out; empty where nothing can.
        check: Refuses unsound settings before anything runs; told the settings and the recipe's folder.
        words: What follows `python` on the command line; writes what the command reads into the step's folder.
        code: Files of code beside the settings that decide the result; told the settings and the recipe's folder.
        own_outputs: Outputs that a step's settings name, instead of `outputs`.
    """

    name: str
    keys: frozenset[str] | None
    check: Callable[[Mapping[str, Any], Path], None]
    words: Callable[[Job], list[str]]
    models: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    outputs: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    takes_place: str = ""
    code: Callable[[Mapping[str, Any], Path], list[Path]] = lambda settings, folder: []
    own_outputs: Callable[[Mapping[str, Any]], Mapping[str, str]] | None = None

    def outputs_of(self, settings: Mapping[str, Any]) -> Mapping[str, str]:
        """Outputs of a step with these settings: name to path below its folder.

        Args:
            settings: Of the step.

        Returns:
            At least one, the first being the one meant where none is named.
        """
        return self.outputs if self.own_outputs is None else self.own_outputs(settings)
