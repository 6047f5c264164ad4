"""Running steps: each once for its key, one after another, and all of a variant before those of the next."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from embedrank.core.errors import ConfigError, StepFailedError, StorageError
from embedrank.recipe.graph import in_order
from embedrank.recipe.kinds.kind import Job
from embedrank.recipe.manifest import Manifest, versions
from embedrank.recipe.places import replaced_at
from embedrank.recipe.process import LOG, last_line, run_python
from embedrank.recipe.recipe_file import FINAL, Recipe
from embedrank.recipe.workspace import Placed, Workspace

_ATTEMPTS: Final = "attempts"
_LOCK: Final = "lock"


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """Who is told how a run goes.

    Attributes:
        on_begin: Told the variant and a step whose command is about to be started.
        on_done: Told the variant, a finished step, and whether it ran just now.
    """

    on_begin: Callable[[str, Placed], None] = lambda variant, placed: None
    on_done: Callable[[str, Placed, bool], None] = lambda variant, placed, ran: None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What a run did.

    Attributes:
        variants: Variant to its finished steps by name.
        fresh: Variant and step of what ran just now, in order; a step that several share stands under the first.
    """

    variants: Mapping[str, Mapping[str, Placed]]
    fresh: Sequence[tuple[str, str]] = field(default_factory=list)


def run_recipe(workspace: Workspace, environment: Mapping[str, str], watch: Watch, *, only: str | None = None) -> Ran:
    """Run what has not run yet.

    Args:
        workspace: The recipe in its folder.
        environment: Of the commands.
        watch: Who is told.
        only: A step, or `VARIANT/STEP`: nothing but it and what it needs; None for all variants.

    Returns:
        What was done.

    Raises:
        StepFailedError: If a step's command fails.
        EmbedrankError: If inputs are missing, or the folder cannot be written or is being written by another run.
    """
    recipe = workspace.recipe
    done: dict[str, dict[str, Placed]] = {}
    fresh: list[tuple[str, str]] = []
    with _alone(workspace.folder):
        for variant, targets in _wanted(recipe, only):
            steps = recipe.of(variant)
            placed = done.setdefault(variant, {})
            for step in in_order(steps, targets):
                found = workspace.placed(step, placed, names=frozenset(steps))
                assert found is not None, f"{step.name} comes before what it needs"
                ran = found.manifest is None
                if ran:
                    watch.on_begin(variant, found)
                    found = _run(found, workspace, environment)
                    fresh.append((variant, step.name))
                placed[step.name] = found
                workspace.keep()
                watch.on_done(variant, found, ran)
    return Ran(variants=done, fresh=fresh)


def _wanted(recipe: Recipe, only: str | None) -> list[tuple[str, tuple[str, ...]]]:
    if only is None:
        return [(variant, recipe.targets(variant)) for variant in recipe.names]
    variant, slash, step = only.rpartition("/")
    variant = variant if slash else FINAL
    if variant not in recipe.names:
        raise ConfigError("--only", "variant", variant, f"there are {', '.join(recipe.names)}")
    if step not in recipe.of(variant):
        raise ConfigError("--only", "step", step, f"there are {', '.join(recipe.of(variant))}")
    return [(variant, (step,))]


def _run(placed: Placed, workspace: Workspace, environment: Mapping[str, str]) -> Placed:
    step, folder = placed.step, placed.folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
        attempts = _begun(folder)
        paths = {text: found[0] if len(found) == 1 else list(found) for text, found in placed.paths.items()}
        settings = replaced_at(
            step.settings,
            (*step.kind.models, *step.kind.files),
            lambda text: _plain(paths[text]) if text in paths else text,
        )
        job = Job(
            folder=folder.resolve(),
            settings=settings,
            seed=step.seed,
            recipe_folder=workspace.recipe.folder,
        )
        words = step.kind.words(job)
    except OSError as error:
        raise StorageError(folder, f"cannot be written: {error.strerror or error}") from error
    ended = run_python(words, folder, environment)
    if ended.code != 0:
        raise StepFailedError(step.name, code=ended.code, problem=last_line(folder), log=folder / LOG)
    manifest = Manifest(
        step=step.name,
        kind=step.kind.name,
        key=placed.key,
        settings=step.settings,
        seed=step.seed,
        inputs=placed.inputs,
        code=placed.code,
        outputs=workspace.output_digests(placed),
        command=["python", *words],
        wall_s=round(ended.wall_s, 3),
        cpu_s=_rounded(ended.cpu_s),
        attempts=attempts,
        peak_rss_mib=_rounded(ended.peak_rss_mib),
        versions=versions(),
    )
    manifest.write(folder)
    return replace(placed, manifest=manifest)


def _plain(found: Path | list[Path]) -> str | list[str]:
    return [str(path.resolve()) for path in found] if isinstance(found, list) else str(found.resolve())


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def _begun(folder: Path) -> int:
    """Note down that the step is begun, and how often it was."""
    file = folder / _ATTEMPTS
    count = len(file.read_text(encoding="utf-8").splitlines()) + 1 if file.is_file() else 1
    with file.open("a", encoding="utf-8") as attempts:
        attempts.write("begun\n")
    return count


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Refuse a second run in the same folder for the time of a block."""
    try:
        import fcntl
    except ImportError:  # no such locks there
        yield
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise StorageError(folder, f"cannot be written: {error.strerror or error}") from error
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise StorageError(folder, "another run is writing it; wait for its end") from error
        yield
    finally:
        os.close(file)
