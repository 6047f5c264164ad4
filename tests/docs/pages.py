"""The written pages of the project and what can be taken out of them."""

from __future__ import annotations

import re
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
PLANNED_HEADING = "Not there yet"


def pages() -> list[Path]:
    """Every page a reader may open."""
    found = [REPOSITORY / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "LOG.md")]
    found += sorted((REPOSITORY / "docs").rglob("*.md"))
    assert len(found) > 4, "docs/ holds no page"
    return found


def blocks(page: Path, language: str) -> list[str]:
    """Contents of the fenced blocks in one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def section(page: Path, heading: str) -> str:
    """Text below a heading, up to the next heading of any level; empty where there is no such heading."""
    pattern = rf"^#+ {re.escape(heading)}\n(.*?)(?=^#|\Z)"
    found = re.search(pattern, page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return found.group(1) if found else ""


def named_commands(text: str) -> set[str]:
    """Subcommands named in a text as `embedrank NAME`, in code marks or on a line of their own."""
    return set(re.findall(r"(?:`|^\$ |^)embedrank ([a-z]+)\b", text, re.MULTILINE))


def console_commands(page: Path) -> list[str]:
    """The `embedrank ...` lines of the page's console blocks, prompts removed."""
    lines = [line.removeprefix("$ ") for block in blocks(page, "console") for line in block.splitlines()]
    return [line for line in lines if line.startswith("embedrank ")]
