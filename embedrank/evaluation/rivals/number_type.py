"""Which numbers a model that is loaded by somebody else's library computes in: the same choice as for ours."""

from __future__ import annotations

from typing import Any

from embedrank.core.errors import InvalidInputError
from embedrank.model.precision import choose_device, choose_dtype
from embedrank.model.quantise.schemes import SCHEMES


def loading_options(name: str, *, dtype: str | None, device: str | None) -> dict[str, Any]:
    """Device and number type, as the constructors of sentence-transformers take them.

    Args:
        name: Of the model, for errors.
        dtype: `bf16`, `fp32`, `fp16`; None takes what ours take.
        device: Such as `cpu` or `cuda:1`; None takes the fastest.

    Returns:
        Keyword arguments.

    Raises:
        InvalidInputError: If the type or the device cannot be used.
    """
    if dtype in SCHEMES:
        raise InvalidInputError("dtype", f"{dtype!r} is for our own models, not for {name}", hint="use bf16 or fp32")
    place = choose_device(device)
    return {"device": str(place), "model_kwargs": {"dtype": choose_dtype(dtype, place)}}
