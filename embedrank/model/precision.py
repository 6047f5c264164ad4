"""Which device and which number type a model runs in when the user does not say."""

from __future__ import annotations

import warnings

import torch

from embedrank.core.errors import InvalidInputError
from embedrank.model.quantise.schemes import SCHEMES

_PLAIN = {"bf16": torch.bfloat16, "fp32": torch.float32, "fp16": torch.float16}
_ALIASES = {"bfloat16": "bf16", "float32": "fp32", "float16": "fp16"}


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
        name: `bf16`, `fp32`, `fp16` or a key of `SCHEMES`; None chooses. fp16 warns: large models overflow in it.
        device: Where the model runs.

    Returns:
        The type of activations and of weights that are not quantised; pooling, norms and scores are float32 in any
        case.

    Raises:
        InvalidInputError: If the name is unknown.
    """
    known = {**_PLAIN, **{scheme: SCHEMES[scheme].number_type for scheme in SCHEMES}}
    short = _ALIASES.get(name, name) if name is not None else None
    if short is not None and short not in known:
        raise InvalidInputError("dtype", f"{name!r} is not one of {', '.join(known)}")
    chosen = known[short] if short is not None else None
    if chosen is None:
        return torch.bfloat16 if multiplies_bf16_fast(device) else torch.float32
    if chosen is torch.float16:
        warnings.warn("fp16 overflows in large Qwen3 models; bf16 does not", stacklevel=3)
    return chosen


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
