"""The files of somebody's model: found or fetched, and hashed."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

from embedrank.core.errors import ModelNotFoundError

_NOT_LOADED: Final = ("onnx/*", "openvino/*", "*.md", "*.onnx", "*.gguf", "*.h5", "*.msgpack", "*.ot", ".*")
_BLOCK: Final = 1 << 20


def model_files(name: str) -> Path:
    """Find or fetch the folder of a model.

    Args:
        name: A folder, or a hub id such as `BAAI/bge-m3`.

    Returns:
        A local folder.

    Raises:
        ModelNotFoundError: If it is neither, or the hub cannot be reached and has nothing cached.
    """
    folder = Path(name).expanduser()
    if folder.is_dir():
        return folder
    if name.count("/") != 1 or name.startswith((".", "/", "~")):
        raise ModelNotFoundError(name, "no such folder, and no hub id")
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(name, ignore_patterns=list(_NOT_LOADED)))
    except Exception as error:  # the hub raises a family of its own, network errors and plain OSErrors
        said = (str(error).splitlines() or [type(error).__name__])[0]
        raise ModelNotFoundError(name, f"not a folder, and not to be had from the hub: {said}") from error


def files_digest(folder: Path) -> str:
    """A hash of all files that can decide what a model answers.

    Args:
        folder: The model.

    Returns:
        32 hexadecimal digits; pages (`*.md`), hidden files and exports to other formats do not count.
    """
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        place = path.relative_to(folder)
        if not path.is_file() or any(part.startswith(".") for part in place.parts) or _is_not_loaded(place):
            continue
        digest.update(place.as_posix().encode() + b"\0" + str(path.stat().st_size).encode() + b"\0")
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
    return digest.hexdigest()[:32]


def _is_not_loaded(place: Path) -> bool:
    return any(place.match(pattern) for pattern in _NOT_LOADED)
