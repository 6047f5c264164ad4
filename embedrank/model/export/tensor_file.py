"""Writing a safetensors file one tensor at a time, so that a model of any size passes through the memory of one tensor.

The `safetensors` library writes from a dictionary that holds all of them. The format is a length, a JSON table of
contents and the numbers.

Source: https://github.com/huggingface/safetensors (README, Format)
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

_CODES = {torch.float32: "F32", torch.bfloat16: "BF16", torch.float16: "F16"}
_ALIGNMENT = 8


def write_tensor_file(
    path: Path, shapes: Mapping[str, Sequence[int]], read: Callable[[str], Tensor], *, dtype: torch.dtype
) -> None:
    """Write tensors in the order of their table.

    Args:
        path: The file.
        shapes: Name to shape.
        read: Name to tensor; called once for each, the result is let go before the next call.
        dtype: float32, bfloat16 or float16; what tensors are rounded to.
    """
    table: dict[str, object] = {"__metadata__": {"format": "pt"}}
    offset = 0
    for name, shape in shapes.items():
        size = math.prod(shape) * dtype.itemsize
        table[name] = {"dtype": _CODES[dtype], "shape": list(shape), "data_offsets": [offset, offset + size]}
        offset += size
    header = json.dumps(table, separators=(",", ":")).encode()
    header += b" " * (-len(header) % _ALIGNMENT)
    with path.open("wb") as file:
        file.write(len(header).to_bytes(8, "little"))
        file.write(header)
        for name, shape in shapes.items():
            _bytes(read(name), shape, dtype).tofile(file)


def _bytes(tensor: Tensor, shape: Sequence[int], dtype: torch.dtype) -> npt.NDArray[np.uint8]:
    assert tuple(tensor.shape) == tuple(shape), "table and tensor disagree"
    plain: npt.NDArray[np.uint8] = tensor.detach().cpu().to(dtype).contiguous().view(-1).view(torch.uint8).numpy()
    return plain
