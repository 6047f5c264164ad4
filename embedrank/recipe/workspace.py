"""The folder of a recipe's run: a folder for each step and key, and what references stand for in it."""

from __future__ import annotations

import glob
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from embedrank.core.errors import ConfigError, InvalidInputError
from embedrank.recipe.digest import Digests, text_digest
from embedrank.recipe.manifest import Manifest, read_manifest, versions
from embedrank.recipe.places import replaced_at
from embedrank.recipe.recipe_file import Recipe
from embedrank.recipe.reference import DATA, HERE, Reference, read_reference
from embedrank.recipe.step import Step

STEPS: Final = "steps"
_DIGESTS: Final = "digests.json"
_KEY_DIGITS: Final = 12
_FORM: Final = 1  # of keys; another number makes all steps run again


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A step with its key.

    Attributes:
        step: The step.
        key: Hash of everything that decides its result.
        folder: Where its result lies, or will.
        inputs: Reference to digest of what it stands for.
        code: File of code to digest.
        paths: Reference to paths.
        manifest: Of the finished step; None where it has to run.
    """

    step: Step
    key: str
    folder: Path
    inputs: Mapping[str, str]
    code: Mapping[str, str]
    paths: Mapping[str, Sequence[Path]]
    manifest: Manifest | None


class Workspace:
    """Finds, for the steps of a recipe, what their inputs are and whether their results are there."""

    def __init__(self, recipe: Recipe, folder: Path, data: Path | None) -> None:
        """Look at a folder; nothing is written yet.

        Args:
            recipe: What is run.
            folder: Where.
            data: What `data/...` stands for; None where nothing was named.
        """
        self.recipe, self.folder = recipe, folder
        self._data = data
        self._digests = Digests(folder / _DIGESTS)

    def keep(self) -> None:
        """Keep the digests of files for the next run."""
        self._digests.keep()

    def placed(self, step: Step, before: Mapping[str, Placed], *, names: frozenset[str]) -> Placed | None:
        """Find a step's place.

        Args:
            step: The step.
            before: The placed steps that it may read, by name.
            names: Of all steps of the variant.

        Returns:
            The step with its key; None where a step that it reads has not finished yet, so that the key is unknown.

        Raises:
            ConfigError: If an input is not there.
        """
        paths, inputs = {}, {}
        for reference in step.inputs(names):
            source = before.get(reference.of_step) if reference.of_step else None
            if reference.of_step is not None and (source is None or source.manifest is None):
                return None
            paths[reference.text] = found = self._paths(step, reference, source)
            inputs[reference.text] = self._digests.of(found)
        code = {path.name: self._digests.of([path]) for path in step.kind.code(step.settings, self.recipe.folder)}
        decisive = {
            "form": _FORM,
            "kind": step.kind.name,
            "settings": replaced_at(
                step.settings, (*step.kind.models, *step.kind.files), lambda text: inputs.get(text, text)
            ),
            "seed": step.seed,
            "code": code,
            "embedrank": versions().get("embedrank", ""),
        }
        key = text_digest(json.dumps(decisive, sort_keys=True, ensure_ascii=False, default=str))
        folder = self.folder / STEPS / f"{step.name}-{key[:_KEY_DIGITS]}"
        return Placed(
            step=step, key=key, folder=folder, inputs=inputs, code=code, paths=paths, manifest=read_manifest(folder)
        )

    def output_digests(self, placed: Placed) -> dict[str, dict[str, str]]:
        """What a step has left.

        Args:
            placed: A step whose command has ended well.

        Returns:
            Name to path below the step's folder, and digest.

        Raises:
            ConfigError: If its first output is not there.
        """
        outputs = placed.step.kind.outputs_of(placed.step.settings)
        must_all_be_there = placed.step.kind.own_outputs is not None
        found = {}
        for place, (name, path) in enumerate(outputs.items()):
            whole = placed.folder / path
            if whole.exists():
                found[name] = {"path": path, "digest": self._digests.of([whole])}
            elif place == 0 or must_all_be_there:
                raise ConfigError(
                    f"step {placed.step.name}", f"output {name}", str(whole), "the step ended, and did not leave it"
                )
        return found

    def has_run(self, step: str) -> bool:
        """Whether a step of this name has ever been finished, whatever its key was."""
        form = f"{glob.escape(step)}-{'[0-9a-f]' * _KEY_DIGITS}"
        return any(read_manifest(path) for path in (self.folder / STEPS).glob(form))

    def require_inputs(self) -> None:
        """Refuse data and files beside the recipe that are not there, before anything runs.

        Raises:
            ConfigError: If an input is missing.
        """
        for variant in self.recipe.names:
            steps = self.recipe.of(variant)
            for step in steps.values():
                for reference in step.inputs(frozenset(steps)):
                    if reference.of_step is None:
                        self._paths(step, reference, None)

    def result(self, name: str, placed: Mapping[str, Placed]) -> Path:
        """The path that a reference of the recipe's result stands for."""
        reference = read_reference(name)
        assert reference is not None, f"{name} was checked to name a step"
        step = placed[reference.step]
        return self._paths(step.step, reference, step)[0]

    def _paths(self, step: Step, reference: Reference, source: Placed | None) -> list[Path]:
        base = self._base(step, reference, source)
        if not reference.part or not reference.step:
            found = [base] if base.exists() else []
        elif glob.has_magic(reference.part):
            found = [Path(path) for path in sorted(glob.glob(f"{glob.escape(str(base))}/{reference.part}"))]  # noqa: PTH207
        else:
            found = [base / reference.part] if (base / reference.part).exists() else []
        if not found:
            raise ConfigError(f"step {step.name}", "input", reference.text, f"is not there ({base / reference.part})")
        return found

    def _base(self, step: Step, reference: Reference, source: Placed | None) -> Path:
        if source is not None:
            outputs = source.step.kind.outputs_of(source.step.settings)
            path = outputs[reference.output] if reference.output else next(iter(outputs.values()))
            return (source.folder / path).resolve()
        if reference.step == HERE:
            return self.recipe.folder
        if reference.step == DATA:
            if self._data is None:
                raise InvalidInputError(
                    f"step {step.name}", f"reads {reference.text}", hint="say where data lies: --data"
                )
            return self._data.resolve()
        return Path(reference.part)
