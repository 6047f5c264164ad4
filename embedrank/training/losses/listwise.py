"""Listwise reranker loss: among the documents of one query, the one that answers must score highest.

    L = -(1/R) sum_r log( exp(s_r0) / sum_k exp(s_rk) )

The report trains point by point and its authors advise against lists; for small models a list tells the order directly,
without the detour over how likely a yes is at all. Source: ListNet, Cao et al., ICML 2007 (top-one form).

Shape suffixes: N pairs of all queries one after another, R queries, K documents of the longest list.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional


def listwise(logits_N: Tensor, counts: Sequence[int]) -> Tensor:
    """Softmax cross-entropy within each query's list.

    Args:
        logits_N: Yes logit minus no logit; each query's positive comes first in its list.
        counts: Documents per query; lists of one cost nothing.

    Returns:
        A scalar, the mean over queries.
    """
    lists = logits_N.split(list(counts))
    scores_RK = torch.nn.utils.rnn.pad_sequence(lists, batch_first=True, padding_value=float("-inf"))
    return functional.cross_entropy(scores_RK, torch.zeros(len(counts), dtype=torch.long, device=logits_N.device))
