"""Attention by our own kernels on CPU: straight from the packed axis, without groups, padding, masks or copies.

Until the kernels are built, and where gradients or graphs are recorded, groups compute the same.

Shape suffixes: T packed tokens, N sequences, C chunks, H query heads, G key-value heads, D head dimension.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

import torch
from torch import Tensor

from embedrank.model.attention_backends.grouped import GroupedAttention
from embedrank.model.attention_backends.protocol import AttentionPlan
from embedrank.model.native.kernels import kernels_take
from embedrank.model.native.source import KERNELS, KernelSource
from embedrank.model.precision import multiplies_bf16_fast


class NativePlan:
    """The chunks of a pack, cut when they are first asked for."""

    def __init__(
        self, lengths: Sequence[int], *, is_causal: bool, num_prefix: int, max_padding: float, source: KernelSource
    ) -> None:
        self._lengths, self._is_causal, self._num_prefix = tuple(lengths), is_causal, num_prefix
        self._max_padding, self._source = max_padding, source
        self._chunks: dict[int, Tensor] = {}

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
        kernels = self._source.ready()
        if kernels is not None and kernels_take(queries_THD, keys_TGD, values_TGD):
            num_queries = kernels.chunk_queries(queries_THD.shape[1], keys_TGD.shape[1])
            if num_queries:
                chunks = self._last if last_only else self._cut(num_queries)
                return kernels.attend(
                    queries_THD, keys_TGD, values_TGD, chunks, is_causal=self._is_causal, prefix=prefix
                )
        return self._grouped.attend(queries_THD, keys_TGD, values_TGD, prefix=prefix, last_only=last_only)

    @cached_property
    def _grouped(self) -> AttentionPlan:
        return GroupedAttention().plan(
            self._lengths, is_causal=self._is_causal, num_prefix=self._num_prefix, max_padding=self._max_padding
        )

    @cached_property
    def _last(self) -> Tensor:
        return torch.tensor([(row, 1, start, length) for row, (start, length) in enumerate(self._places())])

    def _cut(self, num_queries: int) -> Tensor:
        """Chunks `[C, 4]` of at most so many queries; see `Kernels.attend`."""
        if num_queries not in self._chunks:
            chunks = [
                (start + first, min(num_queries, length - first), start, first + 1 if self._is_causal else length)
                for start, length in self._places()
                for first in range(0, length, num_queries)
            ]
            self._chunks[num_queries] = torch.tensor(chunks)
        return self._chunks[num_queries]

    def _places(self) -> Iterator[tuple[int, int]]:
        """First token and length of every sequence."""
        start = 0
        for length in self._lengths:
            yield start, length
            start += length


class NativeAttention:
    """Kernels of our own, built where the program runs."""

    name = "native"

    def __init__(self, source: KernelSource = KERNELS) -> None:
        """Set the backend up; nothing is built yet.

        Args:
            source: Where the kernels come from.
        """
        self._source = source

    def obstacle(self, *, device: torch.device, dtype: torch.dtype, head_dim: int) -> str | None:
        """As `AttentionBackend.obstacle`."""
        if device.type != "cpu":
            return f"needs a CPU, and the model is on {device.type}"
        if dtype not in (torch.float32, torch.bfloat16):
            return f"needs fp32 or bf16, and the model is in {str(dtype).removeprefix('torch.')}"
        if dtype == torch.bfloat16 and multiplies_bf16_fast(device):
            return "leaves bf16 to PyTorch where the processor multiplies it by matrix tiles (AMX)"
        if not torch.backends.cpu.get_cpu_capability().startswith("AVX"):
            return "needs a processor with AVX2 or AVX-512"  # narrower vectors lose to PyTorch's products (LOG.md)
        return self._source.obstacle()

    def plan(
        self,
        lengths: Sequence[int],
        *,
        is_causal: bool,
        num_prefix: int = 0,
        max_padding: float = 0.0,
        device: torch.device | str = "cpu",
    ) -> NativePlan:
        """As `AttentionBackend.plan`; padding is for the time before the kernels are there."""
        return NativePlan(
            lengths, is_causal=is_causal, num_prefix=num_prefix, max_padding=max_padding, source=self._source
        )
