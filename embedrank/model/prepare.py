"""A checkpoint's decoder made ready to serve: where, in which number type, by which attention."""

from __future__ import annotations

import torch

from embedrank.model.allocator import keep_freed_memory
from embedrank.model.attention_backends import choose_attention
from embedrank.model.config import DecoderConfig
from embedrank.model.decoder import Decoder
from embedrank.model.onednn import has_onednn, use_onednn
from embedrank.model.precision import choose_dtype
from embedrank.model.quantise.loading import load_quantised
from embedrank.model.quantise.schemes import SCHEMES
from embedrank.model.weights import Weights, load_decoder


def prepare_decoder(
    weights: Weights, config: DecoderConfig, *, device: torch.device, dtype: str | None, attention: str
) -> Decoder:
    """Load a decoder to serve.

    Args:
        weights: The opened checkpoint.
        config: Its shape.
        device: Where to put it.
        dtype: As `choose_dtype` takes it.
        attention: As `choose_attention` takes it.

    Returns:
        The decoder.

    Raises:
        InvalidInputError: If dtype or attention is unknown or cannot be used on the device.
        CheckpointError: If tensors are missing or have other shapes.
    """
    scheme = SCHEMES.get(dtype) if dtype else None
    if scheme:
        scheme.check(device)
    number_type = choose_dtype(dtype, device)
    backend = choose_attention(attention, device=device, dtype=number_type, head_dim=config.head_dim)
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
    return decoder
