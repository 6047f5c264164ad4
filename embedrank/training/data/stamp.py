"""What tells that a source is still what it was when its rows were prepared."""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields
from pathlib import Path
from typing import Final

from embedrank.core.errors import DatasetError
from embedrank.training.data.reading import expanded, format_of
from embedrank.training.data.source import SourceConfig

_PROBE_BYTES: Final = 1 << 16


def stamp_of(source: SourceConfig) -> str:
    """Hash of how a source is read, and of the size, beginning and end of each of its files.

    Args:
        source: The source.

    Returns:
        Hexadecimal digits.

    Raises:
        DatasetError: If a file is missing.
    """
    names = expanded(source)
    settings = {field.name: getattr(source, field.name) for field in fields(source) if field.name != "dataset"}
    facts: list[object] = [settings, [[name, format_of(name, source), _files(name, source)] for name in names]]
    if source.dataset is not None:
        facts.append([source.dataset._fingerprint, len(source.dataset)])
    return hashlib.blake2b(json.dumps(facts, default=list, sort_keys=True).encode(), digest_size=16).hexdigest()


def _files(name: str, source: SourceConfig) -> list[list[object]]:
    if source.format == "hub":
        return []
    path = Path(name)
    if not path.exists():
        raise DatasetError(path, "no such file")
    files = sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
    return [_facts(file) for file in files]


def _facts(path: Path) -> list[object]:
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            probe = hashlib.blake2b(file.read(_PROBE_BYTES))
            file.seek(max(0, size - _PROBE_BYTES))
            probe.update(file.read(_PROBE_BYTES))
    except OSError as error:
        raise DatasetError(path, f"cannot be read: {error}") from error
    return [str(path), size, path.stat().st_mtime_ns, probe.hexdigest()]
