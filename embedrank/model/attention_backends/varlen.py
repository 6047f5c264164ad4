"""Plans for kernels that read packed sequences by cumulative lengths: nothing is padded, nothing is masked by hand.

Causal masks of such kernels are aligned to the bottom right: the last query of a sequence sees all its keys. So a
shared prefix is only more keys, and the last layer's one query a sequence needs no mask at all.

Shape suffixes: T packed tokens, N sequences, E their N + 1 bounds, P shared prefix, K keys of all sequences with their
prefixes (T + N * P), H query heads, G key-value heads, D head dimension.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Protocol

import torch
from torch import Tensor

HALF = (torch.bfloat16, torch.float16)


class VarlenKernel(Protocol):
    """A kernel for packed sequences."""

    def __call__(
        self,
        queries: Tensor,
        keys: Tensor,
        values: Tensor,
        *,
        query_bounds_E: Tensor,
        key_bounds_E: Tensor,
        max_queries: int,
        max_keys: int,
        is_causal: bool,
    ) -> Tensor:
        """Mixed values in the shape of the queries; sequence i lies between bounds i and i + 1."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class VarlenPlan:
    """Bounds of the sequences, as int32 tensors on the device.

    Attributes:
        kernel: What computes.
        own_E: Bounds of the sequences among the packed tokens.
        keys_E: Bounds of the sequences' keys, prefixes included.
        last_E: Bounds where every sequence has one query.
        own_T: Place of each packed token among the keys; None without a prefix.
        prefix_NP: Places of each sequence's copy of the prefix; None likewise.
        max_own: Tokens of the longest sequence, or more.
        num_prefix: Tokens of the shared prefix.
        is_causal: Whether a token sees only tokens before it.
    """

    kernel: VarlenKernel
    own_E: Tensor
    keys_E: Tensor
    last_E: Tensor
    own_T: Tensor | None
    prefix_NP: Tensor | None
    max_own: int
    num_prefix: int
    is_causal: bool

    @classmethod
    def of(
        cls,
        kernel: VarlenKernel,
        lengths: Sequence[int],
        *,
        is_causal: bool,
        num_prefix: int,
        device: torch.device | str,
    ) -> VarlenPlan:
        """Count the bounds of a pack.

        Args:
            kernel: What computes.
            lengths: Tokens per sequence, in packed order.
            is_causal: Whether attention is causal.
            num_prefix: Tokens of a shared prefix, 0 for none.
            device: Where the bounds live.

        Returns:
            The plan.
        """
        own = _bounds(lengths)
        keys = _bounds([num_prefix + length for length in lengths]) if num_prefix else own
        own_T = prefix_NP = None
        if num_prefix:
            starts_N = keys[:-1].long()
            prefix_NP = (starts_N[:, None] + torch.arange(num_prefix)).to(device)
            shifts_N = num_prefix * torch.arange(1, len(lengths) + 1)
            own_T = (torch.arange(sum(lengths)) + shifts_N.repeat_interleave(torch.tensor(lengths))).to(device)
        return cls(
            kernel=kernel,
            own_E=own.to(device),
            keys_E=keys.to(device),
            last_E=torch.arange(len(lengths) + 1, dtype=torch.int32, device=device),
            own_T=own_T,
            prefix_NP=prefix_NP,
            max_own=max(lengths),
            num_prefix=num_prefix,
            is_causal=is_causal,
        )

    def attend(
        self,
        queries_THD: Tensor,
        keys_TGD: Tensor,
        values_TGD: Tensor,
        *,
        prefix: tuple[Tensor, Tensor] | None = None,
        last_only: bool = False,
    ) -> Tensor:
        """As `AttentionPlan.attend`."""
        assert (prefix is not None) == (self.num_prefix > 0), "the plan was made for another prefix"
        if prefix is not None:
            keys_TGD, values_TGD = self._behind(prefix[0], keys_TGD), self._behind(prefix[1], values_TGD)
        mixed_THD = self.kernel(
            queries_THD,
            keys_TGD,
            values_TGD,
            query_bounds_E=self.last_E if last_only else self.own_E,
            key_bounds_E=self.keys_E,
            max_queries=1 if last_only else self.max_own,
            max_keys=self.num_prefix + self.max_own,
            is_causal=self.is_causal and not last_only,
        )
        return mixed_THD.flatten(1)

    def widened(self, max_own: int) -> VarlenPlan:
        """The same plan for sequences of up to `max_own` tokens, with bounds of its own to be written over."""
        assert self.num_prefix == 0, "a plan with a prefix has a fixed number of keys"
        own = self.own_E.clone()
        return replace(self, own_E=own, keys_E=own, max_own=max_own)

    def refill(self, lengths: Sequence[int]) -> None:
        """Write the bounds of other sequences, as many and with as many tokens together, into this plan's tensors."""
        bounds = _bounds(lengths)
        assert len(bounds) == len(self.own_E) and max(lengths) <= self.max_own, "the sequences do not fit the plan"
        self.own_E.copy_(bounds)

    def _behind(self, prefix_PGD: Tensor, own_TGD: Tensor) -> Tensor:
        """Each sequence's states behind its copy of the prefix, `[K, G, D]`."""
        assert self.own_T is not None and self.prefix_NP is not None
        joined = own_TGD.new_empty(self.own_T.numel() + self.prefix_NP.numel(), *own_TGD.shape[1:])
        joined[self.prefix_NP] = prefix_PGD.to(own_TGD.dtype)
        joined[self.own_T] = own_TGD
        return joined


def half_precision_obstacle(*, device: torch.device, dtype: torch.dtype, head_dim: int) -> str | None:
    """What keeps FlashAttention's kernels from running, whoever packages them.

    Args:
        device: Where the model is.
        dtype: Type of queries, keys and values.
        head_dim: Size of a head.

    Returns:
        The reason, or None where there is none.
    """
    if device.type != "cuda":
        return f"needs a CUDA device, and the model is on {device.type}"
    if dtype not in HALF:
        return f"needs bf16 or fp16, and the model is in {str(dtype).removeprefix('torch.')}"
    if head_dim % 8 or head_dim > 256:
        return f"needs heads of a multiple of 8 up to 256, and the model's have {head_dim}"
    capability = torch.cuda.get_device_capability(device)
    if capability < (8, 0):
        return f"needs compute capability 8.0 (Ampere) or newer, and the device has {capability[0]}.{capability[1]}"
    return None


def _bounds(lengths: Sequence[int]) -> Tensor:
    return torch.tensor([0, *accumulate(lengths)], dtype=torch.int32)
