"""A whole merge: parents in, one complete model folder out, or nothing."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor

from embedrank.core.errors import StorageError
from embedrank.model.provenance import FILE as PROVENANCE
from embedrank.model.provenance import read_json
from embedrank.model.weights import SHARD_INDEX, SINGLE
from embedrank.training.merge.combine import combine
from embedrank.training.merge.config import MergeConfig
from embedrank.training.merge.parents import Parents, open_parents

SHARD_BYTES = 1 << 30
OnTensor = Callable[[int, int], None]


def merge(
    folders: Sequence[Path],
    target: Path,
    config: MergeConfig,
    *,
    base: Path | None = None,
    on_tensor: OnTensor | None = None,
    shard_bytes: int = SHARD_BYTES,
) -> Path:
    """Merge model folders into a new one, which has the files beside the weights from the first.

    Args:
        folders: The parents.
        target: Must not exist yet, and lie in none of the parents.
        config: How.
        base: Folder of what they were trained from; where `config.base` names one.
        on_tensor: Told tensors done and tensors in all.
        shard_bytes: Size of a file of weights; a larger model gets several, and that much is held in memory.

    Returns:
        The target.

    Raises:
        ConfigError: If settings and parents do not fit.
        CheckpointError: If parents do not fit together or are damaged.
        StorageError: If the target exists, lies in a parent or cannot be written; nothing is left of it then.
    """
    config.check_parents(len(folders))
    if target.exists():
        raise StorageError(target, "exists already; choose another folder or remove it")
    if any(folder.resolve() in target.resolve().parents for folder in folders):
        raise StorageError(target, "lies in one of the parents; choose another folder")
    parents = open_parents(folders, base)
    partial = target.with_name(target.name + ".partial")
    try:
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        _copy_surroundings(parents.first.folder, partial)
        _write_weights(parents, partial, config, shard_bytes, on_tensor or (lambda done, total: None))
        _write_provenance(parents, partial, config)
        partial.rename(target)
    except (OSError, SafetensorError) as error:
        raise StorageError(target, f"merged model not written: {error}") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return target


def _copy_surroundings(source: Path, target: Path) -> None:
    """Everything but weights and hidden files: configuration, tokenizer, pooling, prompts."""
    weights = (*(path.name for path in source.glob("*.safetensors")), SHARD_INDEX, "*.bin", ".*", "*.partial")
    shutil.copytree(source, target, dirs_exist_ok=True, ignore=shutil.ignore_patterns(*weights))


def _write_weights(parents: Parents, target: Path, config: MergeConfig, shard_bytes: int, tell: OnTensor) -> None:
    shards: list[list[str]] = []
    total_bytes = done = 0
    for tensors in _shards(parents, config, shard_bytes):
        save_file(tensors, target / _shard_name(len(shards)), metadata={"format": "pt"})
        (target / _shard_name(len(shards))).chmod(0o644)  # the library makes it private
        shards.append(list(tensors))
        total_bytes += sum(tensor.nbytes for tensor in tensors.values())
        done += len(tensors)
        tell(done, len(parents.names))
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


def _shards(parents: Parents, config: MergeConfig, shard_bytes: int) -> Iterator[dict[str, Tensor]]:
    tensors: dict[str, Tensor] = {}
    num_bytes = 0
    for name in parents.names:
        like = parents.first.tensor(name)
        if tensors and num_bytes + like.nbytes > shard_bytes:
            yield tensors
            tensors, num_bytes = {}, 0
        tensors[parents.first.stored_name(name)] = combine(parents, name, config)
        num_bytes += like.nbytes
    yield tensors


def _shard_name(number: int) -> str:
    return f"shard-{number}.safetensors"


def _write_provenance(parents: Parents, target: Path, config: MergeConfig) -> None:
    record = read_json(parents.first.folder / PROVENANCE)
    told = {"kind": record.get("kind"), "search": record.get("search")}
    every = [*parents.parents, *([parents.base] if parents.base is not None else [])]
    hashes = [{"folder": str(each.folder), "weights_sha256": each.fingerprint().hex()} for each in every]
    merged = {
        **asdict(config),
        "parents": hashes[: len(parents.parents)],
        "base": (hashes[-1:] if parents.base else None),
    }
    content = {name: value for name, value in told.items() if value is not None} | {"merged": merged}
    (target / PROVENANCE).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
