"""From the files of an output folder to `report.json` and `report.html`."""

from __future__ import annotations

from pathlib import Path

from embedrank.synthesis.report.facts import RunFacts


def write_report(folder: Path, told: RunFacts) -> None:
    """Read an output folder once, line by line, and write what it says.

    Args:
        folder: Output folder of a run, with `rows.jsonl`, `made.jsonl` and `dropped.jsonl`.
        told: What the files do not tell.
    """
    raise NotImplementedError
