"""What the packages' functions are called with: the real signatures where they are at hand, else a literal record."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest
import torch
from torch import Tensor

from embedrank.model.attention_backends import BACKENDS, flash_varlen
from embedrank.model.attention_backends.flash_varlen import FLASH_3
from tests.model.attention_backends import fake_kernels
from tests.model.attention_backends.fake_kernels import fake_flash_attn

LENGTHS, PREFIX = (2, 3), 4
HOPPER = (9, 0)


def _states(device: str = "cpu") -> tuple[Tensor, Tensor, Tensor, tuple[Tensor, Tensor]]:
    queries, keys, values = (torch.randn(5, heads, 16, device=device) for heads in (4, 2, 2))
    return queries, keys, values, (torch.randn(PREFIX, 2, 16, device=device), torch.randn(PREFIX, 2, 16, device=device))


@pytest.mark.parametrize(
    ("is_causal", "with_prefix", "last_only", "expected"),
    [
        (True, False, False, ([0, 2, 5], [0, 2, 5], 3, 3, True)),
        (False, False, False, ([0, 2, 5], [0, 2, 5], 3, 3, False)),
        (True, True, False, ([0, 2, 5], [0, 6, 13], 3, 7, True)),
        (True, True, True, ([0, 1, 2], [0, 6, 13], 1, 7, False)),
        (True, False, True, ([0, 1, 2], [0, 2, 5], 1, 3, False)),
    ],
)
def test_flash_attention_is_told_bounds_longest_and_mask(
    is_causal: bool,
    with_prefix: bool,
    last_only: bool,
    expected: tuple[list[int], list[int], int, int, bool],
) -> None:
    calls = []

    def record(*positional: Tensor, **named: object) -> Tensor:
        calls.append(named)
        return fake_kernels.flash_attn_varlen_func(*positional, **named)  # type: ignore[arg-type]

    queries, keys, values, prefix = _states()
    with fake_flash_attn(flash_attn_varlen_func=record):
        plan = BACKENDS["flash_varlen"].plan(LENGTHS, is_causal=is_causal, num_prefix=PREFIX if with_prefix else 0)
        plan.attend(
            queries[:2] if last_only else queries,
            keys,
            values,
            prefix=prefix if with_prefix else None,
            last_only=last_only,
        )
    (named,) = calls
    assert set(named) == {"cu_seqlens_q", "cu_seqlens_k", "max_seqlen_q", "max_seqlen_k", "causal"}
    bounds = [named[key].tolist() for key in ("cu_seqlens_q", "cu_seqlens_k")]  # type: ignore[attr-defined]
    assert (*bounds, named["max_seqlen_q"], named["max_seqlen_k"], named["causal"]) == expected


def test_on_hopper_version_three_comes_first_and_its_log_sum_exp_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    def with_log_sum_exp(*positional: Tensor, **named: object) -> tuple[Tensor, Tensor]:
        mixed = fake_kernels.flash_attn_varlen_func(*positional, **named)  # type: ignore[arg-type]
        return mixed + 1, torch.zeros(1)

    module = ModuleType(FLASH_3)
    module.flash_attn_varlen_func = with_log_sum_exp  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, FLASH_3, module)
    queries, keys, values, _ = _states()
    mixed = {}
    for capability in ((8, 0), HOPPER, (10, 0)):
        with monkeypatch.context() as pretending, fake_flash_attn():
            pretending.setattr(torch.cuda, "get_device_capability", lambda device, found=capability: found)
            tried = flash_varlen._modules(torch.device("cuda"))
            pretending.setattr(flash_varlen, "_modules", lambda device, tried=tried: tried)
            mixed[capability] = BACKENDS["flash_varlen"].plan(LENGTHS, is_causal=True).attend(queries, keys, values)
    assert torch.allclose(mixed[HOPPER], mixed[8, 0] + 1)
    assert torch.equal(mixed[10, 0], mixed[8, 0])


@pytest.mark.parametrize("last_only", [False, True])
@pytest.mark.parametrize("is_causal", [False, True])
@pytest.mark.parametrize("num_prefix", [0, PREFIX])
def test_pytorchs_own_function_takes_our_arguments(is_causal: bool, last_only: bool, num_prefix: int) -> None:
    queries, keys, values, prefix = _states("meta")  # on this device torch checks a call and computes its shape only
    plan = BACKENDS["torch_varlen"].plan(LENGTHS, is_causal=is_causal, num_prefix=num_prefix, device="meta")
    mixed = plan.attend(
        queries[:2] if last_only else queries, keys, values, prefix=prefix if num_prefix else None, last_only=last_only
    )
    assert mixed.shape == (2 if last_only else 5, 64)
