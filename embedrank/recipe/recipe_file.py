"""A recipe as one YAML file: steps, variants of them, and what comes of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from embedrank.core.errors import ConfigError, InvalidInputError
from embedrank.core.settings import build, put_in, read_yaml
from embedrank.recipe.graph import in_order, require_sound
from embedrank.recipe.kinds.registry import KINDS
from embedrank.recipe.reference import RESERVED
from embedrank.recipe.step import Step
from embedrank.recipe.variants import VariantConfig, varied

FINAL: Final = "final"
_NAME: Final = re.compile(r"[A-Za-z][\w-]*")

Steps = Mapping[str, Step]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a recipe is for, each the name of a step.

    Attributes:
        figures: Of kind `eval`; its figures make the table.
        embedder: Whose model becomes `model/`; None for none.
        reranker: Whose model becomes `reranker/`; None for none.
        system: The stage of search whose figures are compared, as `eval` names it.
    """

    figures: str
    embedder: str | None = None
    reranker: str | None = None
    system: str = "dense"

    @property
    def steps(self) -> tuple[str, ...]:
        """The steps that are named, references without their parts."""
        named = (self.embedder, self.reranker, self.figures)
        return tuple(name.split(".")[0].split("/")[0] for name in named if name is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """A recipe.

    Attributes:
        file: Where it was read from.
        steps: The steps as they stand.
        result: What it is for.
        variants: Name to what is changed.
        about: What it makes, in a line.
        seed: Of all steps that say none.
    """

    file: Path
    steps: Mapping[str, Mapping[str, Any]]
    result: Result
    variants: Mapping[str, VariantConfig] = field(default_factory=dict)
    about: str = ""
    seed: int = 0

    def __post_init__(self) -> None:
        if FINAL in self.variants:
            raise ConfigError("recipe", "variants", FINAL, "is the name of the recipe as it stands; take another")
        for name in (*self.steps, *self.variants):
            if not isinstance(name, str) or not _NAME.fullmatch(name) or name in RESERVED:
                raise ConfigError(
                    "recipe", "steps and variants", name, "a name is letters, digits, - and _, not data or here"
                )

    @classmethod
    def read(cls, path: Path, overrides: Mapping[str, Any]) -> Recipe:
        """Read a file and check all that can be checked before anything runs.

        Args:
            path: The YAML file.
            overrides: Dotted names, such as `weak.loop.num_steps`, to values.

        Returns:
            The recipe.

        Raises:
            InvalidInputError: If the file cannot be read, or a step names what is not there.
            ConfigError: If a key is unknown, missing or unsound, or steps wait for each other.
        """
        settings = _unshared(read_yaml(path))
        if not isinstance(settings.get("steps"), Mapping):
            raise ConfigError("recipe", "steps", settings.get("steps"), "must be a mapping of steps")
        for name, value in overrides.items():
            step = name.split(".")[0]
            if name == "seed":
                settings["seed"] = value
            elif step in settings["steps"] and "." in name:
                put_in(settings["steps"], name, value)
            else:
                raise InvalidInputError(
                    "--set", f"{name!r} begins with no step", hint=f"steps: {', '.join(settings['steps'])}"
                )
        recipe = build(cls, {**settings, "file": path})
        for variant in recipe.names:
            require_sound(recipe.of(variant), recipe.targets(variant), variant, is_variant=variant != FINAL)
        return recipe

    @property
    def names(self) -> tuple[str, ...]:
        """The recipe as it stands, then its variants."""
        return (FINAL, *self.variants)

    @property
    def folder(self) -> Path:
        """Where its files lie."""
        return self.file.resolve().parent

    def of(self, variant: str) -> dict[str, Step]:
        """Steps of the recipe or of a variant.

        Args:
            variant: One of `names`.

        Returns:
            Name to step.
        """
        steps = self.steps if variant == FINAL else varied(self.steps, self.variants[variant], name=variant)
        return {name: self._step(name, settings) for name, settings in steps.items()}

    def targets(self, variant: str) -> tuple[str, ...]:
        """Steps for whose sake the others run."""
        return self.result.steps if variant == FINAL else self.result.steps[-1:]

    def check(self) -> None:
        """Check the settings of every step that runs by the code that runs it; needs the libraries of training.

        Raises:
            EmbedrankError: As the code says, with the step's name in front.
        """
        for variant in self.names:
            where = "" if variant == FINAL else f"variant {variant}, "
            for step in in_order(self.of(variant), self.targets(variant)):
                place = f"{where}step {step.name}"
                try:
                    step.kind.check(step.settings, self.folder)
                except ConfigError as error:
                    raise ConfigError(f"{place}: {error.component}", error.field, error.value, error.limit) from error
                except InvalidInputError as error:
                    raise InvalidInputError(f"{place}: {error.what}", error.problem, hint=error.hint) from error

    def _step(self, name: str, settings: Any) -> Step:
        if not isinstance(settings, Mapping) or settings.get("kind") not in KINDS:
            kind = settings.get("kind") if isinstance(settings, Mapping) else settings
            raise ConfigError(f"step {name}", "kind", kind, f"must be one of {', '.join(KINDS)}")
        kind = KINDS[settings["kind"]]
        own = {key: value for key, value in settings.items() if key not in ("kind", "seed")}
        for key, value in own.items():
            if kind.keys is not None and key not in kind.keys:
                raise ConfigError(
                    f"step {name}", str(key), value, f"unknown key; known are {', '.join(sorted(kind.keys))}"
                )
        seed = settings.get("seed", self.seed)
        if not isinstance(seed, int) or seed < 0:
            raise ConfigError(f"step {name}", "seed", seed, "must be a whole number, 0 or more")
        return Step(name=name, kind=kind, settings=own, seed=seed)


def _unshared(value: Any) -> Any:
    """The same values, no container twice: YAML's anchors make steps share theirs, and a change of one changes all."""
    if isinstance(value, dict):
        return {key: _unshared(each) for key, each in value.items()}
    return [_unshared(each) for each in value] if isinstance(value, list) else value
