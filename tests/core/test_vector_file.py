"""Vectors on disk come back block by block; what was written after the last durable row is forgotten."""

from __future__ import annotations

import numpy as np
import pytest

from embedrank.core.errors import StorageError
from embedrank.core.vector_file import VectorFile


@pytest.fixture
def written(tmp_path) -> VectorFile:
    file = VectorFile(tmp_path / "v", 8, 0)
    for start in range(0, 100, 10):
        file.append(np.full((10, 8), start, np.float32))
    return file


def test_blocks_together_are_all_rows(written) -> None:
    blocks = list(written.blocks(30))
    assert [len(block) for block in blocks] == [30, 30, 30, 10]
    np.testing.assert_array_equal(np.concatenate(blocks)[:, 3], np.repeat(np.arange(0, 100, 10), 10))


def test_single_rows_are_found(written) -> None:
    assert written.rows([99, 0])[:, 0].tolist() == [90, 0]
    assert written.rows([]).shape == (0, 8)


def test_only_durable_rows_are_taken_up_again(written, tmp_path) -> None:
    again = VectorFile(tmp_path / "v", 8, 20)
    assert sum(len(block) for block in again.blocks(30)) == 20
    with pytest.raises(StorageError, match="shorter"):
        VectorFile(tmp_path / "v", 8, 21)
