"""AdamW with a rate for the token table, one for all else, and decay on matrices only."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from embedrank.training.loop_config import LoopConfig


def make_optimizer(module: nn.Module, config: LoopConfig) -> torch.optim.AdamW:
    """An optimiser over what learns of a module.

    Args:
        module: Its parameters, sharded already where they will be.
        config: Rates and decay.

    Returns:
        The optimiser; each group holds its peak rate as `peak`.
    """
    table: list[nn.Parameter] = []
    matrices: list[nn.Parameter] = []
    vectors: list[nn.Parameter] = []
    for name, parameter in module.named_parameters():
        if not parameter.requires_grad:
            continue
        if "embed_tokens" in name:
            table.append(parameter)
        else:
            (matrices if parameter.dim() > 1 else vectors).append(parameter)
    table_rate = config.table_learning_rate or config.learning_rate
    groups: list[dict[str, Any]] = [
        {"params": matrices, "peak": config.learning_rate, "weight_decay": config.weight_decay},
        {"params": vectors, "peak": config.learning_rate, "weight_decay": 0.0},
        {"params": table, "peak": table_rate, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW([group for group in groups if group["params"]], betas=(0.9, 0.98), fused=True)


def take_step(optimizer: torch.optim.Optimizer, *, factor: float, max_grad_norm: float) -> float:
    """Clip, step, and forget the gradients.

    Args:
        optimizer: From `make_optimizer`.
        factor: Share of the peak rates.
        max_grad_norm: Gradients of all parameters together are scaled down to this norm, over all shards.

    Returns:
        The norm before clipping.
    """
    parameters = []
    for group in optimizer.param_groups:
        group["lr"] = group["peak"] * factor
        parameters += group["params"]
    norm: Any = nn.utils.clip_grad_norm_(parameters, max_grad_norm)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    return float(norm.full_tensor() if hasattr(norm, "full_tensor") else norm)


def moments(optimizer: torch.optim.AdamW, module: nn.Module) -> dict[str, Tensor]:
    """The optimiser's memory by parameter name; made where no step was taken yet.

    Args:
        optimizer: From `make_optimizer`.
        module: Names its parameters.

    Returns:
        The tensors themselves, such as `layers.0.mlp.up_proj.weight.exp_avg`.
    """
    found = {}
    for name, parameter in module.named_parameters():
        if not parameter.requires_grad:
            continue
        state = optimizer.state[parameter]
        if not state:
            state["step"] = torch.zeros((), device=parameter.device)
            state["exp_avg"], state["exp_avg_sq"] = torch.zeros_like(parameter), torch.zeros_like(parameter)
        found.update({f"{name}.{key}": value for key, value in state.items()})
    return found
