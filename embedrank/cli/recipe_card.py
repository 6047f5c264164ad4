"""`embedrank recipe card`: a model with a card that tells its data, licences and figures."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated

import typer

from embedrank.cli import options
from embedrank.cli.console import note, print_json
from embedrank.core.errors import StorageError


def card(
    settings: Annotated[
        Path, typer.Argument(help="YAML with model, title, licence, rows, sources; see docs/recipe.md.")
    ],
    to: Annotated[Path, typer.Option("--to", "-o", help="Folder of the model with its card.")],
    json: options.Json = False,
) -> None:
    """Copy a model and write its card: rows by set with licences, and figures, sets seen in training marked."""
    from embedrank.core.settings import read_yaml
    from embedrank.recipe.card_text import card_text
    from embedrank.recipe.carding import CardConfig
    from embedrank.recipe.row_counts import row_counts
    from embedrank.recipe.table import read_figures
    from embedrank.training.stages.replacing import replace_folder

    config = CardConfig.of(read_yaml(settings))
    counts = row_counts([Path(each) for each in config.rows], list(config.sources))
    figures = read_figures(Path(config.figures)) if config.figures else None
    text = card_text(config, counts, figures)

    def write(fresh: Path) -> None:
        shutil.copytree(config.model, fresh)
        (fresh / "README.md").write_text(text, encoding="utf-8")

    try:
        replace_folder(to, write)
    except OSError as error:
        raise StorageError(to, f"cannot be written: {error.strerror or error}") from error
    if json:
        print_json({"model": str(to), "rows": counts})
        return
    note(f"{config.model} with its card -> {to}")
