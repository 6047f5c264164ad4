"""The least and the largest of some numbers tell whether all are finite."""

from __future__ import annotations

import pytest
import torch

from embedrank.training.merge.finite import all_finite


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("foreign", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("place", [0, 500, 1002])
def test_one_number_that_is_not_finite_is_seen_wherever_it_stands(
    dtype: torch.dtype, foreign: float, place: int
) -> None:
    numbers = torch.linspace(-3, 3, 1003).to(dtype)
    assert all_finite(numbers)
    numbers[place] = foreign
    assert not all_finite(numbers)
