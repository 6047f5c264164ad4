"""`script`: a Python file beside the recipe, which makes rows, tokenizers or first checkpoints from public sets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from embedrank.core.errors import InvalidInputError
from embedrank.recipe.kinds.kind import Job, StepKind
from embedrank.recipe.requirements import require_distributions
from embedrank.recipe.script_code import code_of

OUT = "out"


def _check(settings: Mapping[str, Any], folder: Path) -> None:
    script = settings.get("script")
    if not isinstance(script, str) or not (folder / script).is_file():
        raise InvalidInputError("script", f"there is no file {script!r} beside the recipe")
    for name, kind, told in (
        ("inputs", Mapping, "a mapping"),
        ("options", Mapping, "a mapping"),
        ("outputs", Mapping, "a mapping"),
    ):
        if not isinstance(settings.get(name, {}), kind):
            raise InvalidInputError(name, f"must be {told} of names")
    for name in ("arguments", "needs"):
        if not isinstance(settings.get(name, []), list):
            raise InvalidInputError(name, "must be a list")
    require_distributions(settings.get("needs", []))


def _words(job: Job) -> list[str]:
    settings = job.settings
    out = job.folder / OUT
    out.mkdir(exist_ok=True)
    words = [str(job.recipe_folder / settings["script"])]
    for name, value in {**settings.get("inputs", {}), **settings.get("options", {})}.items():
        words += _option(name, value)
    named = {"out": str(out), "seed": str(job.seed), **settings.get("inputs", {})}
    for word in settings.get("arguments", []):
        try:
            words.append(str(word).format_map(named))
        except (KeyError, ValueError, IndexError) as error:
            raise InvalidInputError("arguments", f"{word!r} names no input: {error}") from error
    target = settings.get("out_option", "out")
    return [*words, *([f"--{target}", str(out)] if target else [])]


def _option(name: str, value: Any) -> Iterator[str]:
    if value is True:
        yield f"--{name}"
    elif value is not False and value is not None:
        for each in value if isinstance(value, list) else [value]:
            yield from (f"--{name}", str(each))


def _outputs(settings: Mapping[str, Any]) -> Mapping[str, str]:
    named = settings.get("outputs") or {}
    return {name: f"{OUT}/{path}" for name, path in named.items()} or {OUT: OUT}


def _code(settings: Mapping[str, Any], folder: Path) -> list[Path]:
    return code_of(folder / settings["script"])


SCRIPT = StepKind(
    name="script",
    keys=frozenset({"script", "inputs", "options", "arguments", "outputs", "out_option", "needs"}),
    files=("inputs.*", "inputs.*.*"),
    check=_check,
    words=_words,
    code=_code,
    own_outputs=_outputs,
)
