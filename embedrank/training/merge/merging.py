"""A whole merge: parents in, one complete model folder out, or nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from safetensors.torch import save_file
from torch import Tensor

from embedrank.core.errors import StorageError
from embedrank.model.provenance import FILE as PROVENANCE
from embedrank.model.provenance import read_json
from embedrank.model.target import partial_of, require_new, require_parent, require_room, written_whole
from embedrank.model.weights import SHARD_INDEX, SINGLE, Weights
from embedrank.training.merge.combine import combine
from embedrank.training.merge.config import MergeConfig
from embedrank.training.merge.parents import Parents, open_parents
from embedrank.training.merge.surroundings import copy_surroundings

SHARD_BYTES = 1 << 30
OnTensor = Callable[[int, int], None]


def merge(
    folders: Sequence[Path],
    target: Path,
    config: MergeConfig,
    *,
    base: Path | None = None,
    on_tensor: OnTensor = lambda done, total: None,
    on_note: Callable[[str], None] = lambda line: None,
    finish: Callable[[Path], None] = lambda folder: None,
    shard_bytes: int = SHARD_BYTES,
) -> Path:
    """Merge model folders into a new one, which has the files beside the weights from the first.

    Args:
        folders: The parents.
        target: Must not exist yet, and lie in none of the parents nor in the base.
        config: How.
        base: Folder of what they were trained from; where `config.base` names one.
        on_tensor: Told tensors done and tensors in all.
        on_note: Told what differs between the parents and is taken from the first.
        finish: Called with the folder before it gets its name, to put more files into it.
        shard_bytes: Size of a file of weights; a larger model gets several, and that much is held in memory.

    Returns:
        The target.

    Raises:
        ConfigError: If settings and parents do not fit.
        CheckpointError: If parents do not fit together or are damaged.
        StorageError: If the target exists, lies in a parent or cannot be written; nothing is left of it then.
    """
    parents = open_merge(folders, target, config, base=base)
    for line in parents.notes:
        on_note(line)
    with written_whole(target, "merged model") as partial:
        partial.mkdir()
        copy_surroundings(parents.first.folder, partial)
        _write_weights(parents, partial, config, shard_bytes, on_tensor)
        _write_provenance(parents, partial, config)
        finish(partial)
    return target


def open_merge(folders: Sequence[Path], target: Path, config: MergeConfig, *, base: Path | None = None) -> Parents:
    """Open the parents and refuse a merge that cannot end well, before any work is done.

    Args:
        folders: The parents.
        target: As `merge` takes it.
        config: How.
        base: As `merge` takes it.

    Returns:
        The parents.

    Raises:
        ConfigError: As `merge`.
        CheckpointError: As `merge`.
        StorageError: As `merge`.
    """
    config.check_parents(len(folders))
    inputs = folders if base is None else [*folders, base]
    _require_free(target, [folder.resolve() for folder in inputs])
    parents = open_parents(folders, base)
    require_room(target, sum(parents.first.tensor(name).nbytes for name in parents.names))
    return parents


def _require_free(target: Path, inputs: Sequence[Path]) -> None:
    require_new(target)
    require_parent(target)
    partial = partial_of(target).resolve()
    for folder in inputs:
        if folder in partial.parents:
            raise StorageError(target, f"lies in one of the models to merge, {folder}; choose another folder")
        if partial in (folder, *folder.parents):  # what an interrupted merge left there is removed
            raise StorageError(folder, f"has the name under which {target.name} would be written; rename one of them")


def _write_weights(parents: Parents, target: Path, config: MergeConfig, shard_bytes: int, tell: OnTensor) -> None:
    shards: list[list[str]] = []
    total_bytes = 0
    for tensors in _shards(parents, config, shard_bytes, tell):
        save_file(tensors, target / _shard_name(len(shards)), metadata={"format": "pt"})
        (target / _shard_name(len(shards))).chmod(0o644)  # the library makes it private
        shards.append(list(tensors))
        total_bytes += sum(tensor.nbytes for tensor in tensors.values())
        tensors.clear()
    if len(shards) == 1:
        (target / _shard_name(0)).rename(target / SINGLE)
        return
    places: dict[str, str] = {}
    for number, names in enumerate(shards):
        final = f"model-{number + 1:05d}-of-{len(shards):05d}.safetensors"
        (target / _shard_name(number)).rename(target / final)
        places |= dict.fromkeys(names, final)
    index = {"metadata": {"total_size": total_bytes}, "weight_map": dict(sorted(places.items()))}
    (target / SHARD_INDEX).write_text(json.dumps(index, indent=2) + "\n", encoding="utf-8")


def _shards(parents: Parents, config: MergeConfig, shard_bytes: int, tell: OnTensor) -> Iterator[dict[str, Tensor]]:
    tensors: dict[str, Tensor] = {}
    num_bytes = 0
    for done, name in enumerate(parents.names, start=1):
        size = parents.first.tensor(name).nbytes
        if tensors and num_bytes + size > shard_bytes:
            yield tensors
            tensors, num_bytes = {}, 0
        tensors[parents.first.stored_name(name)] = combine(parents, name, config)
        num_bytes += size
        tell(done, len(parents.names))
    yield tensors


def _shard_name(number: int) -> str:
    return f"shard-{number}.safetensors"


def _write_provenance(parents: Parents, target: Path, config: MergeConfig) -> None:
    record = read_json(parents.first.folder / PROVENANCE)
    kept = {name: record[name] for name in ("kind", "search") if name in record}
    merged = {
        **asdict(config),
        "parents": [_origin(parent) for parent in parents.parents],
        "base": None if parents.base is None else _origin(parents.base),
    }
    text = json.dumps({**kept, "merged": merged}, indent=2, ensure_ascii=False)
    (target / PROVENANCE).write_text(text + "\n", encoding="utf-8")


def _origin(weights: Weights) -> dict[str, str]:
    """Where a checkpoint is, and the hash of samples of its files that names it in exports too."""
    return {"folder": str(weights.folder), "weights": weights.fingerprint().hex()}
