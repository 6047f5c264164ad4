"""`embedrank recipe`: all steps from open data to models, each once, ending in an ablation table."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from embedrank.cli import options
from embedrank.cli.console import note, out, print_json, spinner
from embedrank.cli.recipe_card import card
from embedrank.cli.recipe_filter import filter_rows
from embedrank.cli.recipe_measure import measure
from embedrank.cli.set_words import settings_in
from embedrank.core.errors import InvalidInputError, StorageError

if TYPE_CHECKING:
    from embedrank.recipe.running import Ran, Watch
    from embedrank.recipe.workspace import Placed, Workspace

File = Annotated[Path, typer.Argument(help="YAML file of the recipe; see docs/recipe.md.")]
To = Annotated[Path, typer.Option("--to", "-o", help="Folder of the run; a run that was broken off goes on there.")]
Data = Annotated[Path | None, typer.Option(help="Folder that data/... of the recipe stands for.")]
Set = Annotated[
    list[str] | None, typer.Option("--set", help="Any setting, such as weak.loop.num_steps=200; again for more.")
]

app = typer.Typer(
    help="Run a whole recipe: data, synthesis, training, merging, measuring, and what each of them is worth.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
app.command("filter")(filter_rows)
app.command("measure")(measure)
app.command("card")(card)


@app.command("run")
def run(
    recipe: File,
    to: To,
    data: Data = None,
    set_: Set = None,
    only: Annotated[
        str | None, typer.Option(help="A step, or VARIANT/STEP: nothing but it and what it needs is run.")
    ] = None,
    json: options.Json = False,
) -> None:
    """Run all steps of a recipe and of its variants that have not run yet; run it again after a kill: it goes on."""
    from embedrank.cli.recipe_processes import child_environment
    from embedrank.recipe.publishing import publish
    from embedrank.recipe.recipe_file import FINAL
    from embedrank.recipe.running import run_recipe
    from embedrank.recipe.table import table_of
    from embedrank.recipe.table_files import write_table

    workspace = _workspace(recipe, to, data, set_)
    workspace.recipe.check()
    workspace.require_inputs()
    _keep_file(recipe, to)
    with spinner() as doing:
        ran = run_recipe(workspace, child_environment(), _watch(doing), only=only)
    if only is not None:
        _tell(ran, {}, {}, json=json)
        return
    models = publish(workspace, ran.variants[FINAL])
    table = table_of(workspace, ran.variants)
    write_table(to, table)
    _tell(ran, models, table, json=json)


@app.command("show")
def show(recipe: File, to: To, data: Data = None, set_: Set = None, json: options.Json = False) -> None:
    """Show the steps of a recipe and of its variants: which are done, stale (done with other inputs), or missing."""
    from embedrank.cli.render_recipe import steps_table
    from embedrank.recipe.states import states_of

    workspace = _workspace(recipe, to, data, set_)
    states = states_of(workspace)
    if json:
        print_json({"recipe": str(recipe), "steps": [state.as_json() for state in states]})
        return
    out().print(steps_table(states))


def _workspace(file: Path, to: Path, data: Path | None, words: list[str] | None) -> Workspace:
    from embedrank.recipe.recipe_file import Recipe
    from embedrank.recipe.workspace import Workspace

    if data is not None and not data.is_dir():
        raise InvalidInputError(f"--data {data}", "no such folder")
    return Workspace(Recipe.read(file, settings_in(words or [])), to, data)


def _keep_file(recipe: Path, folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(recipe, folder / "recipe.yaml")
    except shutil.SameFileError:
        pass
    except OSError as error:
        raise StorageError(folder, f"cannot be written: {error.strerror or error}") from error


def _watch(doing: Callable[[str], None]) -> Watch:
    """Lines for steps that ran, and for those that did not have to."""
    from embedrank.recipe.process import LOG
    from embedrank.recipe.running import Watch

    def begin(variant: str, placed: Placed) -> None:
        note(f"{variant}: {placed.step.name} ({placed.step.kind.name}), its log: {placed.folder / LOG}")
        doing(f"{variant}: {placed.step.name}")

    def done(variant: str, placed: Placed, ran: bool) -> None:
        manifest = placed.manifest
        if ran and manifest is not None:
            memory = "" if manifest.peak_rss_mib is None else f", {manifest.peak_rss_mib:,.0f} MiB at most"
            note(f"{variant}: {placed.step.name} took {manifest.wall_s:.1f} s{memory}")

    return Watch(on_begin=begin, on_done=done)


def _tell(ran: Ran, models: dict[str, Path], table: dict[str, Any], *, json: bool) -> None:
    fresh = set(ran.fresh)
    if json:
        steps = [
            {
                "variant": variant,
                "step": name,
                "key": placed.key,
                "folder": str(placed.folder),
                "ran": (variant, name) in fresh,
            }
            for variant, each in ran.variants.items()
            for name, placed in each.items()
        ]
        print_json(
            {"steps": steps, "models": {role: str(path) for role, path in models.items()}, "ablation": table or None}
        )
        return
    from embedrank.cli.render_recipe import ablation_table
    from embedrank.recipe.table_files import MARKS

    if table:
        out().print(ablation_table(table))
        note(f"nDCG@10, {table['system']}, points of 100; {MARKS}")
    different = {placed.folder for each in ran.variants.values() for placed in each.values()}
    note(f"{len(fresh)} of {len(different)} steps were run, {len(different) - len(fresh)} had been before")
    for role, path in models.items():
        note(f"{role} -> {path}")
