"""Reading safetensors checkpoints by memory map: one file or many, with and without the `model.` prefix.

Tensors of the wanted dtype are views of the mapped file, so loading makes no second copy in memory.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from embedrank.core.errors import CheckpointError, MissingShardError, MissingTensorError, TensorShapeError
from embedrank.model.config import DecoderConfig
from embedrank.model.decoder import Decoder

SINGLE = "model.safetensors"
SHARD_INDEX = "model.safetensors.index.json"
_PREFIX = "model."
_FINAL_NORM = "norm.weight"
_SAMPLES, _SAMPLE_BYTES = 64, 1 << 16


class Weights:
    """The tensors of a checkpoint folder by their names without `model.`, opened but not read."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files = _files(folder)
        self._places: dict[str, tuple[Path, str]] = {}
        self._handles = {file: _open(file) for file in self.files}
        for file, handle in self._handles.items():
            for name in handle.keys():  # noqa: SIM118 - a safetensors handle, not a mapping
                self._places[name.removeprefix(_PREFIX)] = (file, name)

    @property
    def names(self) -> list[str]:
        """Names of all tensors, in the order of the files, without `model.`."""
        return list(self._places)

    def stored_name(self, name: str) -> str:
        """The name that a tensor has in its file."""
        return self._places[name][1]

    def __contains__(self, name: str) -> bool:
        return name in self._places

    @property
    def stored_dtype(self) -> torch.dtype | None:
        """Type of the checkpoint's numbers, told by its final norm; None where it has none."""
        return self.tensor(_FINAL_NORM).dtype if _FINAL_NORM in self else None

    def shape(self, name: str) -> tuple[int, ...]:
        """Shape of a tensor that is there."""
        file, stored = self._places[name]
        return tuple(self._handles[file].get_slice(stored).get_shape())

    def tensor(self, name: str, *, own_map: bool = False) -> Tensor:
        """A whole tensor, mapped; through a map of its own it lets go of the pages that were read when it goes."""
        file, stored = self._places[name]
        mapped: Tensor = (_open(file) if own_map else self._handles[file]).get_tensor(stored)
        return mapped

    def rows(self, name: str, indices: list[int]) -> Tensor:
        """A few rows of a matrix, copied."""
        file, stored = self._places[name]
        part = self._handles[file].get_slice(stored)
        return torch.cat([part[index : index + 1] for index in indices])

    def fingerprint(self) -> bytes:
        """Hash of the files' headers and of samples spread over their contents; changes with any training step."""
        digest = hashlib.sha256()
        for file in self.files:
            size = file.stat().st_size
            digest.update(size.to_bytes(8, "little"))
            with file.open("rb") as content:
                for sample in range(_SAMPLES):
                    content.seek(size * sample // _SAMPLES)
                    digest.update(content.read(_SAMPLE_BYTES))
        return digest.digest()


def load_decoder(
    weights: Weights, config: DecoderConfig, *, dtype: torch.dtype, device: torch.device, trainable: bool = False
) -> Decoder:
    """Build a decoder around a checkpoint's tensors.

    Args:
        weights: The opened checkpoint.
        config: Its shape.
        dtype: Type of the weights in memory; tensors stored in it are not copied on CPU.
        device: Where to put them.
        trainable: Whether the weights take gradients (then they are copied out of the map).

    Returns:
        The decoder, in evaluation mode.

    Raises:
        MissingTensorError: If tensors are missing.
        TensorShapeError: If a tensor has another shape than the config asks for.
    """
    with torch.device("meta"):
        decoder = Decoder(config)
    check_tensors(weights, decoder)
    state = {name: weights.tensor(name).to(device=device, dtype=dtype, copy=trainable) for name in decoder.state_dict()}
    decoder.load_state_dict(state, assign=True)
    decoder.requires_grad_(trainable)
    return decoder.eval()


def check_tensors(weights: Weights, decoder: Decoder) -> None:
    """Compare a checkpoint with the decoder that is to hold its tensors.

    Args:
        weights: The opened checkpoint.
        decoder: The decoder; its own weights may be unset.

    Raises:
        MissingTensorError: If tensors are missing.
        TensorShapeError: If a tensor has another shape than the decoder's.
    """
    wanted = {name: tuple(tensor.shape) for name, tensor in decoder.state_dict().items()}
    if missing := [name for name in wanted if name not in weights]:
        raise MissingTensorError(weights.folder, missing)
    for name, shape in wanted.items():
        if weights.shape(name) != shape:
            raise TensorShapeError(weights.folder, name, expected=shape, found=weights.shape(name))


def _files(folder: Path) -> list[Path]:
    index = folder / SHARD_INDEX
    if index.is_file():
        shards = sorted(set(_weight_map(index).values()))
        for shard in shards:
            if not (folder / shard).is_file():
                raise MissingShardError(folder, shard)
        return [folder / shard for shard in shards]
    if (folder / SINGLE).is_file():
        return [folder / SINGLE]
    if list(folder.glob("*.bin")):
        raise CheckpointError(folder, "holds only .bin weights", hint="convert them to safetensors")
    raise CheckpointError(folder, f"holds neither {SINGLE} nor {SHARD_INDEX}")


def _weight_map(index: Path) -> Mapping[str, str]:
    try:
        weight_map = json.loads(index.read_text(encoding="utf-8"))["weight_map"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CheckpointError(index, f"cannot be read: {error!r}") from error
    if not isinstance(weight_map, dict) or not all(isinstance(name, str) for name in weight_map.values()):
        raise CheckpointError(index, "weight_map must map tensor names to file names")
    return weight_map


def _open(file: Path) -> Any:
    try:
        return safe_open(str(file), framework="pt", device="cpu")
    except (OSError, SafetensorError) as error:
        raise CheckpointError(file, f"is damaged: {error}", hint="download it again") from error
