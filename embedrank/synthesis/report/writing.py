"""From the files of an output folder to `report.json` and `report.html`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from embedrank.core.beir_files import read_objects
from embedrank.core.durable import replace_durably
from embedrank.core.errors import DatasetError, StorageError
from embedrank.synthesis.report.facts import RunFacts
from embedrank.synthesis.report.page import page
from embedrank.synthesis.report.tally import Tally

_VERSION: Final = 1


def write_report(folder: Path, told: RunFacts) -> None:
    """Read an output folder once, line by line, and write what it says. Memory stays flat.

    Args:
        folder: Output folder of a run, with `rows.jsonl`, `made.jsonl` and `dropped.jsonl`.
        told: What the files do not tell.

    Raises:
        DatasetError: If a file is missing or damaged, or rows and origins are not the same in number.
        StorageError: If the report cannot be written.
    """
    report = {"version": _VERSION, **read_report(folder, told)}
    try:
        replace_durably(folder / "report.json", json.dumps(report, ensure_ascii=False, indent=1) + "\n")
        replace_durably(folder / "report.html", page(report))
    except OSError as error:
        raise StorageError(folder, f"cannot write the report: {error.strerror or error}") from error


def read_report(folder: Path, told: RunFacts) -> dict[str, Any]:
    """What an output folder says.

    Args:
        folder: The folder.
        told: What its files do not tell.

    Returns:
        The content of `report.json`.

    Raises:
        DatasetError: As in `write_report`.
    """
    tally = Tally(told)
    made = _objects(folder / "made.jsonl")
    for row in _objects(folder / "rows.jsonl"):
        origin = next(made, None)
        if origin is None:
            raise DatasetError(folder / "made.jsonl", "has fewer lines than rows.jsonl")
        tally.keep(row, origin)
    if next(made, None) is not None:
        raise DatasetError(folder / "made.jsonl", "has more lines than rows.jsonl")
    for dropped in _objects(folder / "dropped.jsonl"):
        tally.drop(dropped)
    return tally.report()


def _objects(path: Path) -> Iterator[dict[str, Any]]:
    return (fields for _, fields in read_objects(path))
