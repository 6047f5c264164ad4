"""The files of the page, read once; what is not among them cannot be asked for."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import Final

_TYPES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "html": "text/html; charset=utf-8",
        "css": "text/css; charset=utf-8",
        "js": "text/javascript; charset=utf-8",
        "svg": "image/svg+xml",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WebFile:
    """One file.

    Attributes:
        content: Its bytes.
        media_type: What they are.
        etag: Changes when they do.
    """

    content: bytes
    media_type: str
    etag: str


@lru_cache(maxsize=1)
def web_files() -> Mapping[str, WebFile]:
    """All files of the page, by their path below its folder."""
    return MappingProxyType(dict(_found(Path(str(resources.files("embedrank"))) / "data" / "web", "")))


def _found(folder: Path, above: str) -> list[tuple[str, WebFile]]:
    found: list[tuple[str, WebFile]] = []
    for each in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if each.is_dir():
            found += _found(each, f"{above}{each.name}/")
        elif each.name.rpartition(".")[2] in _TYPES:
            content = each.read_bytes()
            etag = f'"{hashlib.blake2b(content, digest_size=8).hexdigest()}"'
            media_type = _TYPES[each.name.rpartition(".")[2]]
            found.append((f"{above}{each.name}", WebFile(content=content, media_type=media_type, etag=etag)))
    return found
