"""How losses are compared with their formulas: value and gradient, in float64."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn.functional import normalize

from embedrank.training.losses.embedded_batch import ALL_ROWS, EmbeddedBatch

Loss = Callable[..., Tensor]


def numbers(*shape: int, seed: int = 0) -> Tensor:
    """Random float64."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def assert_equal(ours: Loss, formula: Loss, *inputs: Tensor) -> None:
    """Both have one value and one gradient at the inputs."""
    found = []
    for compute in (ours, formula):
        leaves = [given.clone().requires_grad_() for given in inputs]
        value = compute(*leaves)
        gradients = torch.autograd.grad(value, leaves, allow_unused=True, materialize_grads=True)
        found.append((value.detach(), gradients))
    (value, gradients), (expected, expected_gradients) = found
    assert torch.isfinite(value)
    torch.testing.assert_close(value, expected, rtol=0, atol=1e-12)
    for gradient, other in zip(gradients, expected_gradients, strict=True):
        torch.testing.assert_close(gradient, other, rtol=0, atol=1e-12)


def batch_of(
    texts_TD: Tensor,
    *,
    num_rows: int,
    num_hard: int,
    query_ids: Sequence[int] | None = None,
    ids: Sequence[int] | None = None,
    hard_ids: Sequence[Sequence[int]] | None = None,
    there: Tensor | None = None,
    scores: Sequence[float] | None = None,
    rows: slice = ALL_ROWS,
) -> EmbeddedBatch:
    """Raw vectors of queries, positives, hard negatives as a batch of unit vectors."""
    unit = normalize(texts_TD, dim=-1)
    return EmbeddedBatch(
        queries_ND=unit[:num_rows],
        positives_ND=unit[num_rows : 2 * num_rows],
        negatives_NKD=unit[2 * num_rows :].view(num_rows, num_hard, -1) if num_hard else None,
        negative_mask_NK=there,
        query_ids_N=None if query_ids is None else torch.tensor(query_ids),
        positive_ids_N=None if ids is None else torch.tensor(ids),
        negative_ids_NK=None if hard_ids is None else torch.tensor(hard_ids),
        scores_N=None if scores is None else torch.tensor(scores, dtype=torch.float64),
        rows=rows,
    )


def assert_parts_make_the_whole(
    loss: Callable[[EmbeddedBatch], Tensor], make: Callable[..., EmbeddedBatch], num_rows: int
) -> None:
    """Two processes with half of the rows each see the vectors of all: their mean is the whole, and its gradient."""
    raw = numbers(num_rows * 4, 6)
    halves = (slice(0, num_rows // 2), slice(num_rows // 2, num_rows))
    assert_equal(
        lambda texts: torch.stack([loss(make(texts, rows=half)) for half in halves]).mean(),
        lambda texts: loss(make(texts)),
        raw,
    )
