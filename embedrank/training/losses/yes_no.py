"""Reranker loss: the model must say yes to what answers the query and no to what does not.

    L = -log p(label | prompt)

Source: Qwen3 Embedding report, arXiv 2506.05176, section 3.1 (over the whole vocabulary); the two-token form is the
public variant.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def yes_no_two_tokens(logits_N2: Tensor, labels_N: Tensor) -> Tensor:
    """Cross-entropy over the two tokens only.

    Args:
        logits_N2: Logits of no and yes, in this order.
        labels_N: 1 where the answer is yes, 0 where it is no.

    Returns:
        A scalar, the mean over pairs.
    """
    return functional.cross_entropy(logits_N2.float(), labels_N.long())


def yes_no_full_vocabulary(logits_NV: Tensor, labels_N: Tensor, *, yes_id: int, no_id: int) -> Tensor:
    """Cross-entropy over the whole vocabulary at the last position, as in the report.

    Args:
        logits_NV: Logits over all V tokens.
        labels_N: 1 where the answer is yes, 0 where it is no.
        yes_id: Token id of `yes`.
        no_id: Token id of `no`.

    Returns:
        A scalar, the mean over pairs.
    """
    targets = torch.where(labels_N.bool(), yes_id, no_id)
    return functional.cross_entropy(logits_NV.float(), targets)
