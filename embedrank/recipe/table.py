"""The ablation table of a run as plain values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from embedrank.core.errors import StorageError
from embedrank.evaluation.ablation import Cell, ablation
from embedrank.recipe.recipe_file import FINAL, Recipe
from embedrank.recipe.workspace import Placed, Workspace

METRIC = "ndcg_at_10"


def table_of(workspace: Workspace, variants: Mapping[str, Mapping[str, Placed]]) -> dict[str, Any]:
    """Hold all variants against the recipe as it stands.

    Args:
        workspace: The recipe in its folder.
        variants: Variant to its finished steps.

    Returns:
        What `ablation.json` holds.

    Raises:
        InvalidInputError: If variants were measured on different queries.
        StorageError: If figures cannot be read.
    """
    recipe = workspace.recipe
    reports = {name: read_figures(workspace.result(recipe.result.figures, placed)) for name, placed in variants.items()}
    system = recipe.result.system
    figures = {
        name: {each["name"]: _queries(each, system) for each in report["sets"]} for name, report in reports.items()
    }
    sets = reports[FINAL]["sets"]
    rows = ablation(figures, {each["name"]: each["type"] for each in sets}, baseline=FINAL)
    return {
        "recipe": recipe.file.stem,
        "about": recipe.about,
        "metric": METRIC,
        "system": system,
        "baseline": FINAL,
        "columns": list(rows[0].cells),
        "sets": [{key: each[key] for key in ("name", "type", "num_queries", "num_documents")} for each in sets],
        "rows": [
            {
                "variant": row.variant,
                "about": _about(recipe, row.variant),
                "cells": {column: _plain(cell) for column, cell in row.cells.items()},
                "sets": dict(row.sets),
            }
            for row in rows
        ],
        "steps": _steps(variants),
    }


def read_figures(path: Path) -> dict[str, Any]:
    """What an `eval` step has written.

    Args:
        path: Its `figures.json`.

    Returns:
        Its content.

    Raises:
        StorageError: If it cannot be read.
    """
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise StorageError(path, f"is no file of figures: {error}") from error
    return content


def _queries(report: Mapping[str, Any], system: str) -> Mapping[str, float]:
    by_system: Mapping[str, Mapping[str, float]] = report["queries"]
    if system not in by_system:
        raise StorageError(report["name"], f"was not measured with {system!r}; there are {', '.join(by_system)}")
    return by_system[system]


def _about(recipe: Recipe, variant: str) -> str:
    return "the recipe as it stands" if variant == FINAL else recipe.variants[variant].about


def _plain(cell: Cell) -> dict[str, Any]:
    told: dict[str, Any] = {"value": cell.value, "mark": cell.mark}
    if cell.difference is not None:
        told |= {"difference": cell.difference.mean, "low": cell.difference.low, "high": cell.difference.high}
        told["p_value"] = cell.p_value
    return told


def _steps(variants: Mapping[str, Mapping[str, Placed]]) -> list[dict[str, Any]]:
    """Each step that was run for any variant, once, with what it took."""
    found: dict[Path, dict[str, Any]] = {}
    for variant, placed in variants.items():
        for name, each in placed.items():
            manifest = each.manifest
            if manifest is not None and each.folder not in found:
                found[each.folder] = {
                    "variant": variant,
                    "step": name,
                    "kind": manifest.kind,
                    "folder": each.folder.name,
                    "wall_s": manifest.wall_s,
                    "cpu_s": manifest.cpu_s,
                    "peak_rss_mib": manifest.peak_rss_mib,
                    "attempts": manifest.attempts,
                }
    return list(found.values())
