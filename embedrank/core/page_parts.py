"""Where the templates of HTML pages lie: those of one page, and the frame and style that all pages share."""

from __future__ import annotations

from importlib import resources
from pathlib import Path


def page_folders(*names: str) -> list[Path]:
    """Folders to look for templates in.

    Args:
        *names: Folders below `embedrank/data`, down to the one that holds the page's own files.

    Returns:
        That folder, then the one with `page.html.jinja` and `page.css`; nothing is opened.
    """
    data = Path(str(resources.files("embedrank"))) / "data"
    return [data.joinpath(*names), data / "page"]
