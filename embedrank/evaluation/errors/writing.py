"""The page on errors: one HTML file that can be searched and sorted, with nothing from outside."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from embedrank.core.durable import replace_durably
from embedrank.core.errors import StorageError
from embedrank.core.page_parts import page_folders
from embedrank.core.wording import FORMATS

_NOT_FOUND: Final = 1_000_000  # sorts behind every rank


def write_errors(path: Path, content: Mapping[str, Any]) -> None:
    """Write the page.

    Args:
        path: The file.
        content: Of `Errors.content`, with `sets`, `settings` and `notes`.

    Raises:
        StorageError: If it cannot be written.
    """
    try:
        replace_durably(path, errors_page(content))
    except OSError as error:
        raise StorageError(path, f"cannot write the page: {error.strerror or error}") from error


def errors_page(content: Mapping[str, Any]) -> str:
    """Lay out the page.

    Args:
        content: As in `write_errors`.

    Returns:
        HTML. Its one script is allowed by its hash, so that no text can run.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    folders = page_folders("evaluation", "errors")
    script = (folders[0] / "errors.js").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    environment = Environment(
        loader=FileSystemLoader(folders), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters.update(FORMATS)
    stages = [stage["stage"] for stage in content["stages"]]
    page = environment.get_template("errors.html.jinja").render(
        {
            **content,
            "stage_names": stages,
            "last": stages[-1],
            "worst": [_with_order(entry, stages[-1]) for entry in content["worst"]],
            "script": script,
            "script_hash": f"sha256-{digest}",
        }
    )
    return page.strip() + "\n"


def _with_order(entry: Mapping[str, Any], last: str) -> dict[str, Any]:
    """A query whose wrong documents stand in the order of the last stage."""
    above = sorted(entry["above"], key=lambda row: row["ranks"][last] or _NOT_FOUND)
    return {**entry, "above": above, "rank": entry["ranks"][last] or _NOT_FOUND}
