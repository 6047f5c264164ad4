"""A checkpoint's decoder made ready to serve: where, in which number type, by which attention."""

from __future__ import annotations

import torch

from embedrank.core.errors import InvalidInputError
from embedrank.model.allocator import keep_freed_memory
from embedrank.model.attention_backends import AUTO, BACKENDS, AttentionBackend, choose_attention
from embedrank.model.config import DecoderConfig
from embedrank.model.decoder import Decoder
from embedrank.model.native.use import OFF, check_native, use_native
from embedrank.model.onednn import has_onednn, use_onednn
from embedrank.model.precision import choose_dtype
from embedrank.model.quantise.loading import load_quantised
from embedrank.model.quantise.schemes import SCHEMES
from embedrank.model.weights import Weights, load_decoder


def prepare_decoder(
    weights: Weights,
    config: DecoderConfig,
    *,
    device: torch.device,
    dtype: str | None,
    attention: str,
    native: str = "auto",
) -> Decoder:
    """Load a decoder to serve.

    Args:
        weights: The opened checkpoint.
        config: Its shape.
        device: Where to put it.
        dtype: As `choose_dtype` takes it.
        attention: As `choose_attention` takes it.
        native: As `use_native` takes it; matters on CPU only.

    Returns:
        The decoder.

    Raises:
        InvalidInputError: If dtype, attention or native is unknown or cannot be used on the device.
        CheckpointError: If tensors are missing or have other shapes.
    """
    scheme = SCHEMES.get(dtype) if dtype else None
    if scheme:
        scheme.check(device)
    number_type = choose_dtype(dtype, device)
    check_native(native)
    backend = choose_attention(attention, device=device, dtype=number_type, head_dim=config.head_dim)
    if native == OFF and backend.name == "native":
        backend = _without_kernels(attention)
    if scheme:
        decoder = load_quantised(weights, config, scheme, dtype=number_type, device=device)
    else:
        decoder = load_decoder(weights, config, dtype=number_type, device=device)
        if has_onednn(device, number_type):
            use_onednn(decoder)
    decoder.attention = backend
    decoder.quantised_as = dtype if scheme else None
    if device.type == "cpu":
        keep_freed_memory()
        use_native(decoder, native)
    return decoder


def _without_kernels(attention: str) -> AttentionBackend:
    if attention != AUTO:
        raise InvalidInputError("attention", f"{attention!r} needs the kernels, and native is off")
    return BACKENDS["grouped"]
