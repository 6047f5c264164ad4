"""What tests of training compare: gradients by parameter name."""

from __future__ import annotations

from torch import Tensor, nn


def gradients(module: nn.Module) -> dict[str, Tensor]:
    """Gradients of all parameters, taken off the module."""
    found = {name: parameter.grad for name, parameter in module.named_parameters() if parameter.grad is not None}
    module.zero_grad(set_to_none=True)
    return found


def largest_difference(one: dict[str, Tensor], other: dict[str, Tensor]) -> float:
    """Largest difference of two gradients, relative to the largest entry of the first."""
    assert one.keys() == other.keys() and one
    scale = max(float(gradient.abs().max()) for gradient in one.values())
    return max(float((one[name] - other[name]).abs().max()) for name in one) / scale
