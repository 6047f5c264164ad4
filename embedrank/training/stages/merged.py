"""Weights of a model in training by the plain decoder's names, adapters merged in."""

from __future__ import annotations

import copy
from collections.abc import Mapping

from torch import Tensor

from embedrank.training.lora.adapters import has_adapters, learned_nothing, merge_adapters
from embedrank.training.stages.config import StageConfig
from embedrank.training.stages.starting import Start


def merged_weights(weights: Mapping[str, Tensor], start: Start, config: StageConfig) -> Mapping[str, Tensor]:
    """What is to be saved.

    Args:
        weights: Of the module in training, whole.
        start: The model that learns, whose decoder holds the adapters.
        config: The stage.

    Returns:
        The weights themselves where all are trained; else those of a merged copy.
    """
    if config.lora is None or not has_adapters(start.decoder):
        return weights
    merged = copy.deepcopy(start.decoder)
    if not learned_nothing(merged):
        merge_adapters(merged)
    return {name.replace(".base_layer", ""): tensor.detach().cpu() for name, tensor in merged.state_dict().items()}
