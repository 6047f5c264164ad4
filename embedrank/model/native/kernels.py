"""The built kernels as functions over tensors.

All tensors of a call are on CPU, of one type, float32 or bfloat16. Sums and softmax run in float32; a row's result
does not depend on its neighbours, on the number of threads or on how rows are cut into chunks.

Shape suffixes: T packed tokens, N sequences, C chunks, P shared prefix, H query heads, G key-value heads, D head size,
F half of it.
"""

from __future__ import annotations

import ctypes
import math
from ctypes import POINTER, c_float, c_int, c_int64, c_void_p
from pathlib import Path

import torch
from torch import Tensor

from embedrank.model.native.toolchain import BuildError

_TYPES = {torch.float32: 0, torch.bfloat16: 1}  # the numbers of vectors.h
_POINTERS = ("queries", "keys", "values", "prefix_keys", "prefix_values", "out", "chunks")
_COUNTS = ("num_chunks", "num_prefix", "step", "num_heads", "num_groups", "head_dim")


class _Attention(ctypes.Structure):
    """`Attention` of attention.c."""

    _fields_ = (
        *((name, c_void_p) for name in _POINTERS),
        *((name, c_int64) for name in _COUNTS),
        ("scale", c_float),
        ("type", c_int),
        ("threads", c_int),
    )


class Kernels:
    """A loaded library."""

    def __init__(self, library: Path) -> None:
        """Load a library.

        Args:
            library: What `build` wrote.

        Raises:
            BuildError: If it cannot be loaded.
        """
        try:
            loaded = ctypes.CDLL(str(library))
            self._norm, self._norm_rotate = loaded.embedrank_norm, loaded.embedrank_norm_rotate
            self._attend, self._chunk_queries = loaded.embedrank_attend, loaded.embedrank_chunk_queries
        except (OSError, AttributeError) as error:
            raise BuildError(f"{library} cannot be loaded: {error}") from error
        self._norm.argtypes = (c_void_p, c_void_p, c_void_p, c_int64, c_int64, c_int, c_float, c_int)
        self._norm_rotate.argtypes = (*[c_void_p] * 5, *[c_int64] * 3, c_int, c_float, c_int)
        self._attend.argtypes = (POINTER(_Attention),)
        self._chunk_queries.argtypes, self._chunk_queries.restype = (c_int64, c_int64), c_int64
        for function in (self._norm, self._norm_rotate):
            function.restype = None

    def norm(self, states: Tensor, weight: Tensor, eps: float) -> Tensor:
        """As `RMSNorm` computes it.

        Args:
            states: Rows along the last dimension.
            weight: One number per channel.
            eps: Added to the mean of squares.

        Returns:
            Normalised states, same shape.
        """
        states = states.contiguous()
        out, size = torch.empty_like(states), states.shape[-1]
        self._norm(
            *map(Tensor.data_ptr, (states, weight, out)),
            states.numel() // size,
            size,
            _TYPES[states.dtype],
            eps,
            torch.get_num_threads(),
        )
        return out

    def norm_rotate(self, states_THD: Tensor, weight_D: Tensor, eps: float, cos_TF: Tensor, sin_TF: Tensor) -> Tensor:
        """`RMSNorm` of every head and `rotate`, in one pass, written over the states where they are contiguous.

        Args:
            states_THD: Queries or keys; not to be used afterwards.
            weight_D: One number per channel of a head.
            eps: Added to the mean of squares.
            cos_TF: Cosines `[T, 1, F]`.
            sin_TF: Sines `[T, 1, F]`.

        Returns:
            Normalised, rotated states, same shape.
        """
        states, cosines, sines = states_THD.contiguous(), cos_TF.contiguous(), sin_TF.contiguous()
        self._norm_rotate(
            *map(Tensor.data_ptr, (states, weight_D, cosines, sines, states)),
            *states.shape,
            _TYPES[states.dtype],
            eps,
            torch.get_num_threads(),
        )
        return states

    def chunk_queries(self, num_heads: int, num_groups: int) -> int:
        """Queries that a chunk of `attend` may have; 0 where more heads share one key-value head than it can take."""
        return int(self._chunk_queries(num_heads, num_groups))

    def attend(
        self,
        queries_THD: Tensor,
        keys_TGD: Tensor,
        values_TGD: Tensor,
        chunks_C4: Tensor,
        *,
        is_causal: bool,
        prefix: tuple[Tensor, Tensor] | None = None,
    ) -> Tensor:
        """Attention of packed sequences.

        Args:
            queries_THD: Queries.
            keys_TGD: Keys; G divides H.
            values_TGD: Values.
            chunks_C4: For every piece of a sequence its first query, the number of its queries, the sequence's first
                key and the own keys that the first query sees, all counted on the packed axis; int64. Together they
                hold every query once.
            is_causal: Whether each further query of a chunk sees one key more.
            prefix: Keys and values `[P, G, D]` that every query sees.

        Returns:
            Mixed values `[T, H * D]`.
        """
        queries, keys, values = (states.contiguous() for states in (queries_THD, keys_TGD, values_TGD))
        before = tuple(states.to(keys.dtype).contiguous() for states in prefix) if prefix else ()
        out = torch.empty_like(queries).flatten(1)
        call = _Attention(
            queries=queries.data_ptr(),
            keys=keys.data_ptr(),
            values=values.data_ptr(),
            prefix_keys=before[0].data_ptr() if before else None,
            prefix_values=before[1].data_ptr() if before else None,
            out=out.data_ptr(),
            chunks=chunks_C4.data_ptr(),
            num_chunks=len(chunks_C4),
            num_prefix=len(before[0]) if before else 0,
            step=int(is_causal),
            num_heads=queries.shape[1],
            num_groups=keys.shape[1],
            head_dim=queries.shape[2],
            scale=queries.shape[2] ** -0.5 * math.log2(math.e),  # the kernel raises 2, not e
            type=_TYPES[queries.dtype],
            threads=torch.get_num_threads(),
        )
        if self._attend(ctypes.byref(call)) != 0:
            raise MemoryError("no memory for attention's blocks")
        return out


def kernels_take(*states: Tensor) -> bool:
    """Whether the kernels may compute these: on CPU, of one type they know, with nothing that records the steps.

    Args:
        *states: All tensors of a call.

    Returns:
        False where gradients are recorded or a graph is captured.
    """
    dtype = states[0].dtype
    return (
        dtype in _TYPES
        and not torch.is_grad_enabled()
        and not torch.compiler.is_compiling()
        and all(tensor.dtype is dtype and tensor.device.type == "cpu" for tensor in states)
    )
