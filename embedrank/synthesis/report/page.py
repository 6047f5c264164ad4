"""The report as one HTML page that holds all it needs: no script, no outside resource, every text escaped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from embedrank.core.packages import require_packages
from embedrank.core.page_parts import page_folders
from embedrank.core.wording import FORMATS
from embedrank.synthesis.report import shapes

_TITLES: Final = {
    "kind": "Kind of row",
    "query_type": "Type of query",
    "code_type": "Type of code row",
    "difficulty": "Difficulty",
    "length": "Words of the query",
    "lang": "Language of the query",
    "score": "Similarity",
}
_FEW: Final = 10
_WIDE: Final = 0.12  # of the funnel: narrower ribbons have no room for a number


def page(report: Mapping[str, Any]) -> str:
    """Lay out a report.

    Args:
        report: The content of `report.json`.

    Returns:
        The page.

    Raises:
        MissingPackageError: If jinja2 is not installed.
    """
    require_packages("the report", "jinja2", extra="synthesis")
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(page_folders("synthesis", "report")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    environment.filters.update(FORMATS, ribbon=shapes.ribbon, drain=shapes.drain, bars=shapes.bars)
    content = environment.get_template("report.html.jinja").render(
        {
            **report,
            "groups": _by_kind(report["examples"]["cells"]),
            "worst": max(report["funnel"], key=lambda stage: int(stage["dropped"]), default={"stage": ""})["stage"],
            "funnel": _with_shares(report["funnel"], report["accounts"]["drafts"]),
            "dimensions": [_with_scale(dimension) for dimension in report["dimensions"]],
            "lengths": {name: _with_ticks(spread) for name, spread in report["lengths"].items()},
            "figures": {name: _with_ticks(spread) for name, spread in report["figures"].items()},
        }
    )
    return content.strip() + "\n"


def _with_shares(funnel: Sequence[Mapping[str, Any]], num_drafts: int) -> list[dict[str, Any]]:
    """Stages with what goes in and out as shares of all."""
    whole = max(1, num_drafts)
    return [
        {
            **stage,
            "share_in": stage["entered"] / whole,
            "share_out": stage["left"] / whole,
            "wide": stage["left"] / whole >= _WIDE,
        }
        for stage in funnel
    ]


def _by_kind(cells: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Cells in groups of one kind, the one with most rows first."""
    groups: dict[str, dict[str, Any]] = {}
    for cell in cells:
        group = groups.setdefault(cell["kind"], {"kind": cell["kind"], "count": 0, "cells": []})
        group["count"] += cell["count"]
        group["cells"].append(cell)
    return sorted(groups.values(), key=lambda group: -int(group["count"]))


def _with_scale(dimension: Mapping[str, Any]) -> dict[str, Any]:
    """A dimension whose bars fill their tracks."""
    shares = [value[name] or 0.0 for value in dimension["values"] for name in ("asked", "wished", "kept")]
    full = min(1.0, max(shares) * 1.12) or 1.0
    name = {"same": "as the passage"} if dimension["name"] == "lang" else {}
    values = [
        {**value, "full": full, "name": name.get(value["value"], FORMATS["words"](value["value"]))}
        for value in dimension["values"]
    ]
    return {**dimension, "title": _TITLES.get(dimension["name"], dimension["name"]), "values": values}


def _with_ticks(spread: Mapping[str, Any]) -> dict[str, Any]:
    """A histogram with the numbers to write below it: one a bar where bars are few whole numbers, else the ends.

    Its `flag` says whether all numbers are 0 or 1, so that their mean says it all.
    """
    edges = spread["edges"]
    if edges == list(range(int(edges[0]), int(edges[-1]) + 1)):
        bars = edges[:-1]
        return {**spread, "ticks": bars if len(bars) <= _FEW else [bars[0], bars[-1]], "flag": set(bars) <= {0, 1}}
    return {**spread, "ticks": [edges[0], edges[-1]], "flag": False}
