"""Random weights for a decoder that is trained from nothing."""

from __future__ import annotations

import math

import torch
from torch import nn

from embedrank.model.decoder import Decoder

STANDARD_DEVIATION = 0.02


def initialize(decoder: Decoder, *, seed: int) -> None:
    """Fill matrices from a normal distribution; those that write to the stream are scaled down by depth.

    Args:
        decoder: Changed in place; norms are set to one.
        seed: Seed of a generator of its own.

    Source:
        GPT-2's initialisation, as in Hugging Face's Qwen3 (`initializer_range` 0.02).
    """
    generator = torch.Generator().manual_seed(seed)
    into_stream = STANDARD_DEVIATION / math.sqrt(2 * decoder.config.num_hidden_layers)
    with torch.no_grad():
        for name, parameter in decoder.named_parameters():
            if parameter.dim() == 1:
                nn.init.ones_(parameter)
            else:
                scale = into_stream if name.endswith(("o_proj.weight", "down_proj.weight")) else STANDARD_DEVIATION
                parameter.normal_(0.0, scale, generator=generator)
