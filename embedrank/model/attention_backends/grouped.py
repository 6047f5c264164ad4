"""Attention in groups of like length, each group one call of PyTorch's kernels; runs everywhere and trains.

Only attention sees sequences as rows of a rectangle. Right-padding is invisible under causal attention, so groups need
no mask there; where a mask is needed (bidirectional rows of unequal length, a shared prefix) it is made once a plan.

Shape suffixes: T packed tokens, S slots (T plus padding inside groups), N sequences, B rows of a group, L row length,
P shared prefix, K keys (P + L), H query heads, G key-value heads, D head dimension.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from embedrank.model.dot_product import additive_mask, dot_product

MASKED_BLOCK = 1024  # query rows per call where a mask is needed, so that no mask is ever L x L


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Neighbouring sequences that attend in one call, as rows padded to the longest."""

    lengths: tuple[int, ...]

    @property
    def rows(self) -> int:
        """Number of sequences."""
        return len(self.lengths)

    @property
    def length(self) -> int:
        """Tokens per row, padding included."""
        return max(self.lengths)


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupedPlan:
    """The groups of a pack and the moves between the packed axis and the groups' slots.

    Attributes:
        groups: In the order of the packed axis.
        slots_S: For each slot the packed token it shows; None where slots and tokens are the same.
        places_T: For each packed token its slot; None likewise.
        is_causal: Whether a token sees only tokens before it.
        num_prefix: Tokens of the shared prefix that every token sees.
        masks: Masks made so far; all layers need the same.
    """

    groups: tuple[Group, ...]
    slots_S: Tensor | None
    places_T: Tensor | None
    is_causal: bool
    num_prefix: int
    masks: dict[Hashable, Tensor] = field(default_factory=dict, repr=False, compare=False)

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
        keys_SGD, values_SGD = self._spread(keys_TGD), self._spread(values_TGD)
        queries = queries_THD if last_only else self._spread(queries_THD)
        # Cut by `split`, whose way back joins the groups' gradients; each slice's would fill a tensor of the whole.
        key_slots = [group.rows * group.length for group in self.groups]
        query_slots = [group.rows for group in self.groups] if last_only else key_slots
        parts = zip(queries.split(query_slots), keys_SGD.split(key_slots), values_SGD.split(key_slots), strict=True)
        mixed = []
        for group, part in zip(self.groups, parts, strict=True):
            rows, keys, values = (_rows(states, group.rows) for states in part)
            if prefix is not None:
                keys, values = _prepend(prefix[0], keys), _prepend(prefix[1], values)
            mixed.append(self._attend_group(group, rows, keys, values).transpose(1, 2).flatten(0, 1).flatten(1))
        joined = mixed[0] if len(mixed) == 1 else torch.cat(mixed)
        return joined if last_only else self._collect(joined)

    def _attend_group(self, group: Group, queries_BHLD: Tensor, keys_BGKD: Tensor, values_BGKD: Tensor) -> Tensor:
        last_only = queries_BHLD.shape[2] == 1 and group.length > 1
        causal = self.is_causal and not last_only
        if causal and not self.num_prefix:
            return dot_product(queries_BHLD, keys_BGKD, values_BGKD, is_causal=True)
        if causal:
            return self._attend_in_blocks(queries_BHLD, keys_BGKD, values_BGKD)
        return dot_product(queries_BHLD, keys_BGKD, values_BGKD, mask=self._visible(group, queries_BHLD))

    def _attend_in_blocks(self, queries_BHLD: Tensor, keys_BGKD: Tensor, values_BGKD: Tensor) -> Tensor:
        """Causal attention behind a prefix: row i sees the prefix and the keys up to its own."""
        blocks, length = [], queries_BHLD.shape[2]
        for start in range(0, length, MASKED_BLOCK):
            stop = min(start + MASKED_BLOCK, length)
            seen = self.num_prefix + stop
            mask = self._behind_prefix(stop, queries_BHLD) if start == 0 else _lower(start, stop, seen, queries_BHLD)
            blocks.append(
                dot_product(queries_BHLD[:, :, start:stop], keys_BGKD[:, :, :seen], values_BGKD[:, :, :seen], mask=mask)
            )
        return blocks[0] if len(blocks) == 1 else torch.cat(blocks, dim=2)

    def _behind_prefix(self, length: int, like: Tensor) -> Tensor:
        """Mask `[L, P + L]` of rows behind the prefix: a corner of the mask of the longest rows."""
        longest = min(max(group.length for group in self.groups), MASKED_BLOCK)
        whole = self._once(like.dtype, lambda: _lower(0, longest, self.num_prefix + longest, like))
        corner = whole[:length, : self.num_prefix + length]
        if like.device.type == "cpu":
            return corner
        return self._once((like.dtype, length), corner.contiguous)  # kernels for GPUs want whole, aligned rows

    def _visible(self, group: Group, like: Tensor) -> Tensor | None:
        """Which keys are real: `[B, 1, 1, K]`, or None where no row is padded."""
        if all(length == group.length for length in group.lengths):
            return None

        def make() -> Tensor:
            ends = torch.tensor(group.lengths, device=like.device)[:, None] + self.num_prefix
            return (torch.arange(self.num_prefix + group.length, device=like.device) < ends)[:, None, None]

        return self._once(group, make)

    def _once(self, key: Hashable, make: Callable[[], Tensor]) -> Tensor:
        if key not in self.masks:
            self.masks[key] = make()
        return self.masks[key]

    def _spread(self, states: Tensor) -> Tensor:
        if self.slots_S is None:
            return states
        spread: Tensor = _Spread.apply(states, self.slots_S, self.places_T)  # type: ignore[no-untyped-call]
        return spread

    def _collect(self, states: Tensor) -> Tensor:
        if self.slots_S is None:
            return states
        collected: Tensor = _Collect.apply(states, self.places_T)  # type: ignore[no-untyped-call]
        return collected


def _group(lengths: Sequence[int], max_padding: float) -> list[Group]:
    groups: list[Group] = []
    current: list[int] = []
    for length in lengths:
        rows = len(current) + 1
        widest = max([length, *current]) if current else length
        if current and 1 - (sum(current) + length) / (rows * widest) > max_padding:
            groups.append(Group(lengths=tuple(current)))
            current = []
        current.append(length)
    groups.append(Group(lengths=tuple(current)))
    return groups


def _moves(groups: Sequence[Group]) -> tuple[Tensor, Tensor]:
    slots, places, num_tokens, num_slots = [], [], 0, 0
    for group in groups:
        for length in group.lengths:
            row = torch.arange(group.length)
            slots.append(num_tokens + row.clamp(max=length - 1))
            places.append(num_slots + row[:length])
            num_tokens += length
            num_slots += group.length
    return torch.cat(slots), torch.cat(places)


def _rows(states: Tensor, rows: int) -> Tensor:
    in_rows: Tensor = states.unflatten(0, (rows, -1)).transpose(1, 2)
    return in_rows


def _prepend(prefix_PGD: Tensor, own_BGLD: Tensor) -> Tensor:
    shared = prefix_PGD.transpose(0, 1).unsqueeze(0).expand(own_BGLD.shape[0], -1, -1, -1)
    return torch.cat((shared.to(own_BGLD.dtype), own_BGLD), dim=2)


def _lower(start: int, stop: int, num_keys: int, like: Tensor) -> Tensor:
    """What is added to the scores of rows `start` to `stop`, the last of which sees all keys; see `dot_product`."""
    seen = torch.ones(stop - start, num_keys, dtype=torch.bool, device=like.device).tril(num_keys - stop + start)
    return additive_mask(seen, like.dtype)


class GroupedAttention:
    """PyTorch's `scaled_dot_product_attention`, group by group."""

    name = "grouped"

    def obstacle(self, *, device: torch.device, dtype: torch.dtype, head_dim: int) -> str | None:
        """None: it can always run."""
        return None

    def plan(
        self,
        lengths: Sequence[int],
        *,
        is_causal: bool,
        num_prefix: int = 0,
        max_padding: float = 0.0,
        device: torch.device | str = "cpu",
    ) -> GroupedPlan:
        """As `AttentionBackend.plan`."""
        groups = tuple(_group(lengths, max_padding))  # ascending lengths make the best groups
        slots = places = None
        if any(length != group.length for group in groups for length in group.lengths):
            slots, places = (moves.to(device) for moves in _moves(groups))
        return GroupedPlan(groups=groups, slots_S=slots, places_T=places, is_causal=is_causal, num_prefix=num_prefix)


class _Spread(torch.autograd.Function):
    """Packed tokens to slots; what flows back into padding is nothing, so the way back is a plain selection."""

    @staticmethod
    def forward(ctx: Any, states_T: Tensor, slots_S: Tensor, places_T: Tensor) -> Tensor:
        ctx.save_for_backward(places_T)
        return states_T.index_select(0, slots_S)

    @staticmethod
    def backward(ctx: Any, grad_S: Tensor) -> tuple[Tensor, None, None]:
        (places_T,) = ctx.saved_tensors
        return grad_S.index_select(0, places_T), None, None


class _Collect(torch.autograd.Function):
    """Slots back to packed tokens; padding gets a gradient of zero."""

    @staticmethod
    def forward(ctx: Any, states_S: Tensor, places_T: Tensor) -> Tensor:
        ctx.save_for_backward(places_T)
        ctx.num_slots = states_S.shape[0]
        return states_S.index_select(0, places_T)

    @staticmethod
    def backward(ctx: Any, grad_T: Tensor) -> tuple[Tensor, None]:
        (places_T,) = ctx.saved_tensors
        grad_S = grad_T.new_zeros((ctx.num_slots, *grad_T.shape[1:]))
        return grad_S.index_copy_(0, places_T, grad_T), None
