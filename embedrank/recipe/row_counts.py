"""Training rows by the set that they come from."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from embedrank.core.beir_files import read_objects
from embedrank.core.errors import ConfigError


def row_counts(files: Sequence[Path], sets: Sequence[str]) -> dict[str, int]:
    """Count rows, and refuse those of a set without a licence.

    Args:
        files: Files of rows, or folders of such files.
        sets: Names of the sets whose licence is known.

    Returns:
        Set to rows, in the order of `sets`; sets without rows are left out.

    Raises:
        ConfigError: If a row comes from another set, or does not tell from which.
    """
    found: Counter[str] = Counter()
    known: dict[str, str] = {}
    for file in files:
        for path in sorted(file.glob("*.jsonl")) if file.is_dir() else [file]:
            for line, row in read_objects(path):
                source = str(row.get("source") or "")
                if source not in known:
                    known[source] = _set_of(source, sets, place=f"{path} line {line}")
                found[known[source]] += 1
    return {name: found[name] for name in sets if found[name]}


def _set_of(source: str, sets: Sequence[str], *, place: str) -> str:
    """The set that a source is named after; the longest, where several fit."""
    fitting = [name for name in sets if re.search(rf"(?:^|[_./-]){re.escape(name)}(?:$|[_./-])", source)]
    if not fitting:
        raise ConfigError("card", "sources", source, f"no licence is told for these rows ({place})")
    return max(fitting, key=len)
