"""Files that a step's command reads, written into the step's folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


def write_settings(path: Path, settings: Mapping[str, Any]) -> Path:
    """Write settings as YAML.

    Args:
        path: The file; replaced.
        settings: Plain values.

    Returns:
        The file.
    """
    import yaml

    path.write_text(yaml.safe_dump(dict(settings), allow_unicode=True, sort_keys=False), encoding="utf-8")
    return path


def joined_rows(paths: Sequence[Path], target: Path) -> Path:
    """One file of rows.

    Args:
        paths: Files of rows, one object a line, or folders of such files.
        target: Where they are put one behind the other. One that is there is left: a step's inputs are always the same,
            and what goes on after a kill looks at the time of change of what it reads.

    Returns:
        The only file, where there is but one; else the target.
    """
    files = [file for path in paths for file in (sorted(path.glob("*.jsonl")) if path.is_dir() else [path])]
    if len(files) == 1:
        return files[0]
    if not target.is_file():
        fresh = target.with_name(target.name + ".new")
        with fresh.open("wb") as joined:
            for file in files:
                with file.open("rb") as rows:
                    joined.writelines(line if line.endswith(b"\n") else line + b"\n" for line in rows)
        fresh.replace(target)
    return target


def without(settings: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """Settings less some of them."""
    return {name: value for name, value in settings.items() if name not in names}
