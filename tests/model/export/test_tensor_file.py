"""Streamed tensors are what the safetensors library reads."""

from __future__ import annotations

import weakref
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file

from embedrank.model.export.tensor_file import write_tensor_file


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_tensors_come_back_to_the_bit(tmp_path: Path, dtype: torch.dtype) -> None:
    generator = torch.Generator().manual_seed(0)
    tensors = {
        name: torch.randn(shape, generator=generator) for name, shape in (("b", (3, 5)), ("a", (7,)), ("c", (1, 1)))
    }
    path = tmp_path / "model.safetensors"
    write_tensor_file(path, {name: tensor.shape for name, tensor in tensors.items()}, tensors.__getitem__, dtype=dtype)
    read = load_file(path)
    assert read.keys() == tensors.keys()
    assert all(torch.equal(read[name], tensor.to(dtype)) for name, tensor in tensors.items())
    with safe_open(path, framework="pt") as file:
        assert file.metadata() == {"format": "pt"}


def test_one_tensor_is_read_at_a_time(tmp_path: Path) -> None:
    before: list[weakref.ref[np.ndarray]] = []

    def read(name: str) -> torch.Tensor:
        assert not [each for each in before if each() is not None], "the tensor before is still held"
        numbers = np.ones(4, dtype=np.float32)
        before.append(weakref.ref(numbers))
        return torch.from_numpy(numbers)

    write_tensor_file(tmp_path / "x", {name: (4,) for name in "abc"}, read, dtype=torch.float32)
    assert len(before) == 3
    assert load_file(tmp_path / "x")["c"].tolist() == [1, 1, 1, 1]
