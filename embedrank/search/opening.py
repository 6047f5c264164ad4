"""How an index folder is opened or made: which folder, which settings, which store."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from embedrank.core.errors import IndexNotFoundError, InvalidInputError
from embedrank.core.prompts import DEFAULT_QUERY_INSTRUCTION
from embedrank.core.protocols import Encoder

if TYPE_CHECKING:
    from embedrank.index.manifest import IndexManifest
    from embedrank.index.store import LanceStore


def local_folder(path: Path | str) -> Path:
    """The folder that a name of an index means.

    Args:
        path: A folder, there or not.

    Returns:
        The folder.

    Raises:
        InvalidInputError: If it is an address of a server or a file.
    """
    if "://" in str(path):
        raise InvalidInputError(
            "index", f"{path} is no folder", hint="stores other than a folder are not supported yet"
        )
    folder = Path(path).expanduser()
    if not str(path):
        raise InvalidInputError("index", "has an empty name")
    if folder.exists() and not folder.is_dir():
        raise InvalidInputError("index", f"{folder} is a file, not a folder")
    return folder


def built_with(path: Path | str) -> str:
    """Name of the embedder that an index was built with.

    Args:
        path: Folder of the index.

    Returns:
        Preset, folder or hub id.

    Raises:
        IndexNotFoundError: If there is no index.
    """
    from embedrank.index.manifest import IndexManifest

    return IndexManifest.load(local_folder(path)).model_name


def asked_with(path: Path | str) -> str | None:
    """The task that an index's model puts in front of queries by default.

    Args:
        path: Folder of the index.

    Returns:
        The instruction, or None where queries are raw.

    Raises:
        IndexNotFoundError: If there is no index.
    """
    from embedrank.index.manifest import IndexManifest

    return IndexManifest.load(local_folder(path)).query_instruction


def exists(folder: Path) -> bool:
    """Whether a folder holds an index, complete or just begun."""
    from embedrank.index.manifest import MANIFEST_NAME

    return (folder / MANIFEST_NAME).is_file()


def open_store(folder: Path, embedder: Encoder, *, dim: int | None, create: bool) -> tuple[LanceStore, IndexManifest]:
    """Open an index that fits the embedder, or make one.

    The manifest is written before the table: whatever is interrupted, the next run knows what the folder is for.

    Args:
        folder: Folder of the index.
        embedder: The model it was or will be built with.
        dim: Vector dimensions; None for what is stored, or for the embedder's own.
        create: Whether a missing index is made.

    Returns:
        The store and the settings it was built with.

    Raises:
        IndexNotFoundError: If there is none and `create` is false.
        IndexMismatchError: If it was built with other settings.
        InvalidInputError: If `dim` is more than the embedder has.
    """
    from embedrank.index.manifest import IndexManifest
    from embedrank.index.store import LanceStore

    if exists(folder):
        manifest = IndexManifest.load(folder)
        wanted = {} if dim is None else {"dim": dim}
        manifest.check(folder, model_fingerprint=embedder.fingerprint, query_instruction=_task(embedder), **wanted)
    elif create:
        manifest = _new_manifest(embedder, dim)
        manifest.save(folder)
    else:
        raise IndexNotFoundError(folder)
    if LanceStore.exists(folder, table=manifest.table):
        return LanceStore.open(folder, table=manifest.table), manifest
    return LanceStore.create(folder, manifest.dim, table=manifest.table), manifest


def _new_manifest(embedder: Encoder, dim: int | None) -> IndexManifest:
    from embedrank.index.manifest import IndexManifest

    if dim is not None and not 1 <= dim <= embedder.dim:
        raise InvalidInputError("dim", f"{dim} is not in 1..{embedder.dim}, the dimensions of this embedder")
    if dim is not None:
        embedder.encode_documents(["dimensions"], dim=dim)  # models have a least number too, and say so here
    return IndexManifest(dim=dim or embedder.dim, **model_settings(embedder))


def model_settings(embedder: Encoder) -> dict[str, Any]:
    """What a manifest says of the embedder.

    Args:
        embedder: The model.

    Returns:
        Fields of `IndexManifest`.
    """
    name = str(getattr(embedder, "name", type(embedder).__name__))
    return {
        "model_name": str(Path(name).absolute()) if Path(name).is_dir() else name,
        "model_fingerprint": embedder.fingerprint,
        "query_instruction": _task(embedder),
    }


def _task(embedder: Encoder) -> str | None:
    """The instruction that the embedder puts in front of queries by itself."""
    task: str | None = getattr(embedder, "default_instruction", DEFAULT_QUERY_INSTRUCTION)
    return task
