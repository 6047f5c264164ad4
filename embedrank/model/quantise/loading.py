"""A quantised decoder straight from a checkpoint, weight by weight: the whole model is never in memory."""

from __future__ import annotations

import torch
from torch import nn

from embedrank.model.config import DecoderConfig
from embedrank.model.decoder import Decoder
from embedrank.model.norm import RMSNorm
from embedrank.model.projection import PlainProjection, refuse_saving
from embedrank.model.quantise.scheme import Scheme
from embedrank.model.quantise.token_table import StoredTable
from embedrank.model.weights import Weights, check_tensors


def load_quantised(
    weights: Weights, config: DecoderConfig, scheme: Scheme, *, dtype: torch.dtype, device: torch.device
) -> Decoder:
    """Build a decoder whose projections are quantised one by one; it serves only.

    Args:
        weights: The opened checkpoint.
        config: Its shape.
        scheme: How to quantise.
        dtype: Type of the norms and of the element-wise work.
        device: Where the model runs.

    Returns:
        The decoder, in evaluation mode.

    Raises:
        MissingTensorError: If tensors are missing.
        TensorShapeError: If a tensor has another shape than the config asks for.
        InvalidInputError: If the scheme cannot stand for a weight.
    """
    with torch.device("meta"):
        decoder = Decoder(config)
    check_tensors(weights, decoder)
    make = scheme.for_decoder(dtype)
    for name, module in list(decoder.named_modules()):
        if not isinstance(module, PlainProjection | RMSNorm | nn.Embedding):
            continue
        # Pages that were read count as the process's memory for as long as their map is there.
        weight = weights.tensor(f"{name}.weight", own_map=True).to(device)
        if isinstance(module, PlainProjection):
            decoder.set_submodule(name, make(weight))
        elif isinstance(module, RMSNorm):
            module.weight = nn.Parameter(weight.to(dtype, copy=True), requires_grad=False)
        else:
            decoder.set_submodule(name, StoredTable(weight, dtype=dtype))
    refuse_saving(decoder)
    return decoder.eval()
