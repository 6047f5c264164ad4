"""The padded forward against the packed one."""

from __future__ import annotations

import pytest
import torch

from embedrank.model.export.graph import EmbedderGraph, hidden_states
from embedrank.model.export.padding import padded, run_in_layouts
from embedrank.model.export.row_table import RowTable
from embedrank.model.packing import Pack
from embedrank.model.pooling import pooled, unit_prefix
from tests.model.conftest import pico_decoder

SEQUENCES = [[5], list(range(40)), [7, 8, 9], [3] * 17]


def batch(side: str) -> tuple[torch.Tensor, torch.Tensor]:
    ids_BL, mask_BL = padded(SEQUENCES, pad_id=0, side=side)
    return torch.from_numpy(ids_BL), torch.from_numpy(mask_BL)


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("pooling", ["lasttoken", "mean", "cls"])
@pytest.mark.parametrize("is_causal", [True, False])
def test_padded_rows_equal_packed_sequences(side: str, pooling: str, is_causal: bool) -> None:
    decoder = pico_decoder(is_causal=is_causal)
    with torch.no_grad():
        expected = unit_prefix(pooled(decoder, Pack.of(SEQUENCES), pooling), None)
        vectors = EmbedderGraph(decoder, pooling)(*batch(side))
    assert (vectors - expected).abs().max() < 1e-5


def test_padding_is_finite_everywhere_even_where_a_row_begins_with_it() -> None:
    decoder = pico_decoder()
    with torch.no_grad():
        assert hidden_states(decoder, *batch("left")).isfinite().all()
        ids, mask = batch("left")
        assert EmbedderGraph(decoder, "lasttoken")(ids, torch.zeros_like(mask)).isfinite().all()


def test_what_stands_in_the_padding_does_not_matter() -> None:
    decoder = pico_decoder()
    ids, mask = batch("left")
    with torch.no_grad():
        one = EmbedderGraph(decoder, "lasttoken")(ids, mask)
        other = EmbedderGraph(decoder, "lasttoken")(ids.masked_fill(mask == 0, 99), mask)
    assert torch.equal(one, other)


def test_layouts_keep_the_order_and_cover_every_text() -> None:
    sequences = [[9] * 300, [1], [2, 2], [3] * 257, [4] * 5]
    for answers in run_in_layouts(lambda ids, mask: mask.sum(1), sequences, pad_id=0).values():
        assert answers.tolist() == [300, 1, 2, 257, 5]


def test_a_table_in_int8_is_exact_to_half_a_step_of_each_row() -> None:
    weight = torch.randn(50, 16, generator=torch.Generator().manual_seed(0)) * torch.logspace(-3, 2, 50)[:, None]
    weight[7] = 0
    table = RowTable(weight)
    found = table(torch.arange(50).view(2, 25)).view(50, 16)
    assert ((found - weight).abs() <= table.scale_V1 * 0.51).all()
    assert table.rows_VM.dtype is torch.int8
