"""A module's weights in one piece, however they are kept during training."""

from __future__ import annotations

from torch import Tensor, nn


def whole_weights(module: nn.Module) -> dict[str, Tensor]:
    """Weights as a state dict without shards, on the processor; all processes call it together.

    Args:
        module: Sharded or not.

    Returns:
        Copies, by name; `load_state_dict` of an unsharded module takes them.
    """
    from torch.distributed.tensor import DTensor

    return {
        name: (tensor.full_tensor() if isinstance(tensor, DTensor) else tensor).detach().cpu().clone()
        for name, tensor in module.state_dict().items()
    }
