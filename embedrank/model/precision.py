"""Which device and which number type a model runs in when the user does not say."""

from __future__ import annotations

import warnings

import torch

from embedrank.core.errors import InvalidInputError

FP8, INT8 = "fp8", "int8"
_DTYPES = {
    "bf16": torch.bfloat16,
    "bfloat16": torch.bfloat16,
    "fp32": torch.float32,
    "float32": torch.float32,
    "fp16": torch.float16,
    "float16": torch.float16,
    FP8: torch.bfloat16,  # what is not quantised
}


def choose_device(name: str | None) -> torch.device:
    """The device asked for, else the fastest one present.

    Args:
        name: Such as `cpu`, `cuda`, `cuda:1`, `mps`; None chooses.

    Returns:
        The device.

    Raises:
        InvalidInputError: If there is no such device.
    """
    if name is None:
        name = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        raise InvalidInputError("device", f"{name!r} cannot be used: {str(error).splitlines()[0]}") from error
    return device


def choose_dtype(name: str | None, device: torch.device) -> torch.dtype:
    """The number type asked for, else bfloat16 where the hardware multiplies it fast and float32 elsewhere.

    Args:
        name: `bf16`, `fp32`, `fp16` or `fp8` (see `quantise/fp8.py`); None chooses. fp16 warns: large models overflow
            in it.
        device: Where the model runs.

    Returns:
        The type of weights and activations; pooling, norms and scores are float32 in any case.

    Raises:
        InvalidInputError: If the name is unknown.
    """
    if name is None or name == INT8:  # what is not quantised
        return torch.bfloat16 if multiplies_bf16_fast(device) else torch.float32
    if name not in _DTYPES:
        raise InvalidInputError("dtype", f"{name!r} is not one of bf16, fp32, fp16, fp8, int8")
    if _DTYPES[name] is torch.float16:
        warnings.warn("fp16 overflows in large Qwen3 models; bf16 does not", stacklevel=3)
    return _DTYPES[name]


def multiplies_bf16_fast(device: torch.device) -> bool:
    """Whether matrix products in bfloat16 are faster than in float32.

    Args:
        device: Where they run.

    Returns:
        True for GPUs that know the type and for processors with matrix tiles (AMX). AVX-512's bfloat16 instructions
        alone do not count: with them the products took 1.6 times as long as in float32 (LOG.md, 2026-11-25).
    """
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    return device.type == "cpu" and bool(torch.cpu._is_amx_tile_supported())
