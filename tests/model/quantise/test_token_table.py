"""Rows of a table in another type than the decoder's."""

from __future__ import annotations

import pytest
import torch

from embedrank.model.quantise.token_table import StoredTable


@pytest.mark.parametrize("stored", [torch.bfloat16, torch.float16, torch.float32], ids=str)
@pytest.mark.parametrize("wanted", [torch.bfloat16, torch.float32], ids=str)
def test_rows_are_those_of_the_whole_table_in_the_wanted_type(stored: torch.dtype, wanted: torch.dtype) -> None:
    table, tokens = torch.randn(20, 8).to(stored), torch.tensor([3, 19, 3, 0])
    found = StoredTable(table, dtype=wanted)(tokens)
    assert found.dtype is wanted
    assert torch.equal(found, table.to(wanted)[tokens])


def test_the_table_is_neither_copied_nor_changed() -> None:
    table = torch.randn(20, 8).bfloat16()
    assert StoredTable(table, dtype=torch.float32).weight.data_ptr() == table.data_ptr()
