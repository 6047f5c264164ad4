"""PyTorch's FlexAttention: one call for the whole pack, with a mask in blocks that says which sequence sees which.

On CUDA it is compiled, and blocks that nobody sees are never computed. On CPU it runs uncompiled: the whole T x K
scores, for tests only. Which blocks are seen is counted from the lengths, so that no T x K mask is ever made.

Shape suffixes: T packed tokens, N sequences, P shared prefix, K keys (P + T), Q queries (T, or N of last tokens),
H query heads, G key-value heads, D head dimension, X blocks of queries, Y blocks of keys.
Source: https://docs.pytorch.org/docs/stable/nn.attention.flex_attention.html; arXiv 2412.05496.
"""

from __future__ import annotations

import importlib.util
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

if TYPE_CHECKING:
    from torch.nn.attention.flex_attention import BlockMask

BLOCK = 128  # rows and columns of a block; what the kernels expect
_SMALLEST_HEAD = 16
_NO_SEQUENCE = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class FlexPlan:
    """The block masks of a pack: for all tokens, and for the last token of every sequence."""

    everyone: BlockMask
    last: BlockMask

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
        if prefix is not None:
            keys_TGD = torch.cat((prefix[0].to(keys_TGD.dtype), keys_TGD))
            values_TGD = torch.cat((prefix[1].to(values_TGD.dtype), values_TGD))
        mixed_1HQD = _attention(queries_THD.device.type)(
            *(states.transpose(0, 1).unsqueeze(0) for states in (queries_THD, keys_TGD, values_TGD)),
            block_mask=self.last if last_only else self.everyone,
            enable_gqa=queries_THD.shape[1] != keys_TGD.shape[1],
        )
        mixed: Tensor = mixed_1HQD.squeeze(0).transpose(0, 1).flatten(1)
        return mixed


class FlexAttention:
    """FlexAttention over packed sequences; trains on CUDA."""

    name = "flex"

    def obstacle(self, *, device: torch.device, dtype: torch.dtype, head_dim: int) -> str | None:
        """As `AttentionBackend.obstacle`."""
        if device.type not in ("cuda", "cpu"):
            return f"needs a CUDA device or a CPU, and the model is on {device.type}"
        if head_dim < _SMALLEST_HEAD:
            return f"needs heads of at least {_SMALLEST_HEAD}, and the model's have {head_dim}"
        if device.type == "cuda" and importlib.util.find_spec("triton") is None:
            return "needs the package triton to be compiled, which is not installed"
        return None

    def plan(
        self,
        lengths: Sequence[int],
        *,
        is_causal: bool,
        num_prefix: int = 0,
        max_padding: float = 0.0,
        device: torch.device | str = "cpu",
    ) -> FlexPlan:
        """As `AttentionBackend.plan`."""
        sequences_T = torch.arange(len(lengths)).repeat_interleave(torch.tensor(lengths))
        last_N = torch.tensor(lengths).cumsum(0) - 1
        everyone, last = (
            block_mask(sequences_T, rows_Q, is_causal=is_causal, num_prefix=num_prefix, device=device)
            for rows_Q in (torch.arange(len(sequences_T)), last_N)
        )
        return FlexPlan(everyone=everyone, last=last)


def block_mask(
    sequences_T: Tensor, rows_Q: Tensor, *, is_causal: bool, num_prefix: int, device: torch.device | str
) -> BlockMask:
    """Which queries see which keys, where the keys are the prefix and then the packed tokens.

    Args:
        sequences_T: For each packed token the number of its sequence, ascending; on CPU.
        rows_Q: The tokens that ask, ascending; on CPU.
        is_causal: Whether a token sees only tokens before it.
        num_prefix: Tokens of the shared prefix.
        device: Where the mask is used.

    Returns:
        The mask.
    """
    from torch.nn.attention.flex_attention import BlockMask

    asks_Q, places_Q = sequences_T[rows_Q], rows_Q + num_prefix
    keys_K = torch.cat((torch.full((num_prefix,), _NO_SEQUENCE), sequences_T))
    touched_XY, full_XY = _blocks(asks_Q, places_Q, keys_K, is_causal=is_causal, num_prefix=num_prefix)
    some, whole = _in_order(touched_XY & ~full_XY, device), _in_order(full_XY, device)
    asks, places, keys = (part.to(device) for part in (asks_Q, places_Q, keys_K))

    # The masks hold tensors only: a number in them would be compiled in, and every other number compiled anew.
    def sees(batch: Tensor, head: Tensor, query: Tensor, key: Tensor) -> Tensor:
        return (asks[query] == keys[key]) | (keys[key] == _NO_SEQUENCE)

    def sees_before(batch: Tensor, head: Tensor, query: Tensor, key: Tensor) -> Tensor:
        return ((asks[query] == keys[key]) & (key <= places[query])) | (keys[key] == _NO_SEQUENCE)

    mask: BlockMask = BlockMask.from_kv_blocks(
        *some,
        *whole,
        BLOCK_SIZE=BLOCK,
        mask_mod=sees_before if is_causal else sees,
        seq_lengths=(len(asks_Q), len(keys_K)),
    )
    return mask


def _blocks(
    asks_Q: Tensor, places_Q: Tensor, keys_K: Tensor, *, is_causal: bool, num_prefix: int
) -> tuple[Tensor, Tensor]:
    """For each block of queries and of keys: whether anything in it is seen, whether all of it is; both `[X, Y]`."""
    query_starts, query_ends = _edges(len(asks_Q))
    key_starts, key_ends = _edges(len(keys_K))
    first_X1, last_X1 = asks_Q[query_starts][:, None], asks_Q[query_ends - 1][:, None]
    lowest_X1, highest_X1 = places_Q[query_starts][:, None], places_Q[query_ends - 1][:, None]
    own_starts = key_starts.clamp(min=num_prefix)  # where the block's own tokens begin, behind the prefix
    has_own = own_starts < key_ends
    first_own = keys_K[own_starts.clamp(max=len(keys_K) - 1)]
    last_own = keys_K[key_ends - 1]
    touched = has_own & (first_own <= last_X1) & (last_own >= first_X1)
    full = has_own & (first_own == first_X1) & (last_own == last_X1) & (first_X1 == last_X1)
    if is_causal:
        touched = touched & (own_starts <= highest_X1)
        full = full & (key_ends - 1 <= lowest_X1)
    complete = (query_ends - query_starts == BLOCK)[:, None] & (key_ends - key_starts == BLOCK)
    return touched | (key_starts < num_prefix), complete & (full | ~has_own)


def _edges(length: int) -> tuple[Tensor, Tensor]:
    starts = torch.arange(0, length, BLOCK)
    return starts, (starts + BLOCK).clamp(max=length)


def _in_order(chosen_XY: Tensor, device: torch.device | str) -> tuple[Tensor, Tensor]:
    """How many blocks of keys each block of queries takes, and which, those first: `[1, 1, X]` and `[1, 1, X, Y]`."""
    counts = chosen_XY.sum(1, dtype=torch.int32)
    order = torch.argsort(chosen_XY.int(), dim=1, descending=True, stable=True).int()
    return counts[None, None].to(device), order[None, None].contiguous().to(device)


@cache
def _attention(device_type: str) -> Callable[..., Any]:
    from torch.nn.attention.flex_attention import flex_attention

    if device_type != "cpu":
        return torch.compile(flex_attention, dynamic=True)

    def uncompiled(*arguments: Any, **options: Any) -> Any:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="flex_attention called without torch.compile")
            return flex_attention(*arguments, **options)

    return uncompiled
