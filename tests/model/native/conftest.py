"""The built kernels, and what they are compared with."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from embedrank.model.native.kernels import Kernels
from embedrank.model.native.source import KERNELS
from embedrank.model.native.toolchain import find_compiler


@pytest.fixture(scope="session")
def kernels() -> Kernels:
    found = KERNELS.wait()
    if found is None:
        pytest.skip(f"no kernels here: {KERNELS.obstacle()}")
    return found


@pytest.fixture(scope="session")
def compiler() -> Path:
    found = find_compiler()
    if found is None or KERNELS.wait() is None:
        pytest.skip("no GCC here, or none that builds the kernels")
    return found


@pytest.fixture(params=[1, 3], ids="{} threads".format)
def threads(request: pytest.FixtureRequest) -> int:
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    request.addfinalizer(lambda: torch.set_num_threads(before))
    return int(request.param)
