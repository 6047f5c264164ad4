"""Steps cut into passes that each fit in memory, with the gradient of the whole batch.

A contrastive loss compares every vector with every other, so a batch cannot simply be cut. But the gradient of a weight
is the gradient of the vectors pulled back through the model, text by text:

    dL/dw = sum_i (dL/dv_i)(dv_i/dw)

Hence: all vectors without a graph; dL/dv; then pass by pass once more with a graph, pulled back by dL/dv. A pass that
is run again draws the same random numbers. Memory holds one pass, one term of the loss, and the vectors.

Where no text is compared with another, a loss adds up over passes, and the first round is saved.

Source: Scaling Deep Contrastive Learning Batch Size under Memory Limited Setup, arXiv 2101.06983, section 3.2.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

import torch
from torch import Tensor

from embedrank.training.packed_batch import PackedBatch
from embedrank.training.parallel.strategy import Strategy
from embedrank.training.random_state import RandomState

Precision = Callable[[], AbstractContextManager[object]]


def backward_in_passes(
    batch: PackedBatch, strategy: Strategy, *, device: torch.device, precision: Precision, num_idle: int = 0
) -> Tensor:
    """Add a batch's gradient to the parameters, a pack at a time.

    Args:
        batch: What to compute.
        strategy: How processes exchange gradients.
        device: Where the model is.
        precision: Makes the context that forward passes run in; a new one each time, since autocast remembers weights.
        num_idle: Passes to run beside the packs, without effect on the gradient.

    Returns:
        The loss, without a graph.
    """
    if batch.part is not None:
        return _summed(batch, strategy, precision, num_idle)
    return _cached(batch, strategy, device, precision, num_idle)


def _cached(
    batch: PackedBatch, strategy: Strategy, device: torch.device, precision: Precision, num_idle: int
) -> Tensor:
    passes = _passes(batch, num_idle)
    states, found = [], []
    with torch.no_grad(), precision():
        for pack in passes:
            states.append(RandomState.taken(device))
            found.append(batch.run(pack))
    vectors_ND = batch.in_order(found[: len(batch.packs)]).requires_grad_()
    loss = _pull_to_vectors(batch, vectors_ND, precision)
    assert vectors_ND.grad is not None
    for number, pack in enumerate(passes):

        def compute(state: RandomState = states[number], pack: Sequence[int] = pack) -> Tensor:
            with state.again(device), precision():
                return batch.run(pack)

        result = strategy.synchronised(compute) if number == len(passes) - 1 else compute()
        gradient = vectors_ND.grad[list(pack)]
        torch.autograd.backward(result, gradient if number < len(batch.packs) else torch.zeros_like(gradient))
    return loss


def _pull_to_vectors(batch: PackedBatch, vectors_ND: Tensor, precision: Precision) -> Tensor:
    """The loss; leaves its gradient on `vectors_ND`. Vectors travel between processes once, whatever the terms."""
    gathered = batch.gather(vectors_ND)
    held_AD = gathered.detach().requires_grad_()
    total = torch.zeros((), device=held_AD.device)
    for term in batch.terms:
        with precision():
            loss = term(held_AD)
        loss.backward()
        total += loss.detach()
    torch.autograd.backward(gathered, held_AD.grad)
    return total


def _summed(batch: PackedBatch, strategy: Strategy, precision: Precision, num_idle: int) -> Tensor:
    assert batch.part is not None
    part, passes = batch.part, _passes(batch, num_idle)
    losses = []
    for number, pack in enumerate(passes):

        def compute(pack: Sequence[int] = pack, weight: int = int(number < len(batch.packs))) -> Tensor:
            with precision():
                return weight * part(batch.run(pack), pack)

        loss = strategy.synchronised(compute) if number == len(passes) - 1 else compute()
        loss.backward()
        losses.append(loss.detach())
    return torch.stack(losses).sum()


def _passes(batch: PackedBatch, num_idle: int) -> list[Sequence[int]]:
    return [*batch.packs, *[batch.idle_pack] * num_idle]
