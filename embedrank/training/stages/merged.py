"""Weights of a model in training by the plain decoder's names, adapters merged in."""

from __future__ import annotations

import copy

from torch import Tensor

from embedrank.model.decoder import Decoder
from embedrank.training.lora.adapters import learned_nothing, merge_adapters


def merged_weights(decoder: Decoder) -> dict[str, Tensor]:
    """What is to be saved of a decoder with adapters, which stays as it is.

    Args:
        decoder: The model that learns.

    Returns:
        Weights of a merged copy, on the processor.
    """
    merged = copy.deepcopy(decoder)
    if not learned_nothing(merged):
        merge_adapters(merged)
    return {name.replace(".base_layer", ""): tensor.detach().cpu() for name, tensor in merged.state_dict().items()}
