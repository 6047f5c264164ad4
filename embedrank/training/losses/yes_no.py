"""Reranker loss: the model must say yes to what answers the query and no to what does not.

    L = -log p(label | prompt)

Shape suffixes: N pairs, M hidden size, V vocabulary.
Source: Qwen3 Embedding report, arXiv 2506.05176, section 3.1 (over the whole vocabulary); the two-token form is the
public variant.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

PAIRS_AT_ONCE = 64  # of 152 thousand float32 logits each, 37 MiB


def yes_no_two_tokens(logits_N2: Tensor, labels_N: Tensor) -> Tensor:
    """Cross-entropy over the two tokens only.

    Args:
        logits_N2: Logits of no and yes, in this order.
        labels_N: 1 where the answer is yes, 0 where it is no.

    Returns:
        A scalar, the mean over pairs.
    """
    return functional.cross_entropy(_precise(logits_N2), labels_N.long())


def yes_no_full_vocabulary(
    hidden_NM: Tensor, head_VM: Tensor, labels_N: Tensor, *, yes_id: int, no_id: int, pairs_at_once: int = PAIRS_AT_ONCE
) -> Tensor:
    """Cross-entropy over the whole vocabulary at the last position, as in the report.

    Logits are made for a few pairs at a time, and made again on the way back, so that memory never holds those of all.

    Args:
        hidden_NM: Hidden states at the end of each prompt.
        head_VM: The head: one row per token.
        labels_N: 1 where the answer is yes, 0 where it is no.
        yes_id: Token id of `yes`.
        no_id: Token id of `no`.
        pairs_at_once: Pairs whose logits are held together.

    Returns:
        A scalar, the mean over pairs.
    """
    targets_N = torch.where(labels_N.bool(), yes_id, no_id)
    sums: list[Tensor] = [
        checkpoint(_summed, hidden, head_VM, targets, use_reentrant=False)
        for hidden, targets in zip(hidden_NM.split(pairs_at_once), targets_N.split(pairs_at_once), strict=True)
    ]
    return torch.stack(sums).sum() / len(targets_N)


def _summed(hidden_NM: Tensor, head_VM: Tensor, targets_N: Tensor) -> Tensor:
    return functional.cross_entropy(_precise(hidden_NM @ head_VM.T), targets_N, reduction="sum")


def _precise(logits: Tensor) -> Tensor:
    """Logits of at least 32 bits."""
    return logits.to(torch.promote_types(logits.dtype, torch.float32))
