"""Five-term InfoNCE with a mask on likely false negatives.

    L = -(1/N) sum_i log( exp(s(q_i,d_i+)/t) / Z_i )
    Z_i = exp(s(q_i,d_i+)/t)
        + sum_k    m_ik exp(s(q_i,d_ik-)/t)      `hard`: own hard negatives
        + sum_j!=i m_ij exp(s(q_i,q_j)/t)        `qq`: other queries
        + sum_j!=i m_ij exp(s(d_i+,d_j)/t)       `dd`: other documents against the positive
        + sum_j!=i m_ij exp(s(q_i,d_j)/t)        `qd`: other documents against the query
    m_ij = 0 where s_ij > s(q_i,d_i+) + margin, or d_j is the same document as d_i+; else 1

Shape suffixes: N rows, K hard negatives per row, D dimensions, C all candidate documents (N + N * K),
B rows whose loss is wanted.
Source: Qwen3 Embedding report, arXiv 2506.05176, section 3.1; the `qd` term stands in its second version only.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from embedrank.core.errors import ConfigError

TERMS = ("hard", "qq", "dd", "qd")
DD_MASKS = ("query", "self", "none")
ALL_ROWS = slice(None)


@dataclass(frozen=True, slots=True, kw_only=True)
class InfoNCEConfig:
    """Switches of the loss.

    Attributes:
        temperature: Divides cosines; the report does not tell it, public replications use 0.01 to 0.05.
        terms: Which sums stand in the denominator, of `TERMS`.
        margin: Cosine by which a negative may beat the positive before it counts as a false negative; None keeps all.
        dd_mask: What decides on a document in the `dd` term: its cosine with the `query` (literal reading), its own
            cosine with the positive (`self`), or nothing (`none`; duplicates are still left out).
        others_hard: Whether d_j covers the hard negatives of other rows too.
    """

    temperature: float = 0.02
    terms: tuple[str, ...] = TERMS
    margin: float | None = 0.1
    dd_mask: str = "query"
    others_hard: bool = True

    def __post_init__(self) -> None:
        if self.temperature <= 0:
            raise ConfigError("InfoNCEConfig", "temperature", self.temperature, "must be positive")
        if unknown := [term for term in self.terms if term not in TERMS]:
            raise ConfigError("InfoNCEConfig", "terms", unknown, f"each must be one of {', '.join(TERMS)}")
        if self.dd_mask not in DD_MASKS:
            raise ConfigError("InfoNCEConfig", "dd_mask", self.dd_mask, f"must be one of {', '.join(DD_MASKS)}")


def info_nce(
    queries_ND: Tensor,
    positives_ND: Tensor,
    negatives_NKD: Tensor | None = None,
    *,
    config: InfoNCEConfig,
    positive_ids_N: Tensor | None = None,
    negative_ids_NK: Tensor | None = None,
    negative_mask_NK: Tensor | None = None,
    rows: slice = ALL_ROWS,
) -> Tensor:
    """The loss of a batch, or of some of its rows against all others.

    Args:
        queries_ND: Unit rows.
        positives_ND: Unit rows, one positive per query.
        negatives_NKD: Unit rows of the hard negatives, if any.
        config: Switches.
        positive_ids_N: Integers that are equal where positives are the same document; None means all differ.
        negative_ids_NK: The same for hard negatives.
        negative_mask_NK: False where a row has fewer than K hard negatives.
        rows: Rows whose loss is wanted: those of this process, or as many as fit in memory.

    Returns:
        A scalar, the mean over the rows wanted.
    """
    num_rows = queries_ND.shape[0]
    numbers_N = torch.arange(num_rows, device=queries_ND.device)
    own_BN = numbers_N[rows, None] == numbers_N
    queries_BD, positives_BD = queries_ND[rows], positives_ND[rows]
    positive_B = (queries_BD * positives_BD).sum(-1)
    limit_B1 = (positive_B.detach() + config.margin)[:, None] if config.margin is not None else None
    documents_CD, own_BC, usable_BC = _candidates(
        positives_ND, negatives_NKD, own_BN, positive_ids_N, negative_ids_NK, negative_mask_NK, rows, config
    )
    q_to_d = queries_BD @ documents_CD.T
    close_BC = _beats(q_to_d, limit_B1)
    sums = [positive_B[:, None]]
    if "qd" in config.terms:
        sums.append(_masked(q_to_d, usable_BC & ~own_BC & ~close_BC))
    if "hard" in config.terms and negatives_NKD is not None:
        hard_BC = own_BC.clone()
        hard_BC[:, :num_rows] = False
        sums.append(_masked(q_to_d, hard_BC & usable_BC & ~close_BC))
    if "qq" in config.terms:
        q_to_q = queries_BD @ queries_ND.T
        sums.append(_masked(q_to_q, ~own_BN & usable_BC[:, :num_rows] & ~_beats(q_to_q, limit_B1)))
    if "dd" in config.terms:
        d_to_d = positives_BD @ documents_CD.T
        dropped = {"query": close_BC, "self": _beats(d_to_d, limit_B1), "none": torch.zeros_like(close_BC)}
        sums.append(_masked(d_to_d, usable_BC & ~own_BC & ~dropped[config.dd_mask]))
    logits = torch.cat(sums, dim=1) / config.temperature
    return (torch.logsumexp(logits, dim=1) - logits[:, 0]).mean()


def _candidates(
    positives_ND: Tensor,
    negatives_NKD: Tensor | None,
    own_BN: Tensor,
    positive_ids_N: Tensor | None,
    negative_ids_NK: Tensor | None,
    negative_mask_NK: Tensor | None,
    rows: slice,
    config: InfoNCEConfig,
) -> tuple[Tensor, Tensor, Tensor]:
    """All documents of the batch; which belong to row i; which may serve row i as negatives (its own positive may)."""
    usable = torch.ones_like(own_BN)
    if positive_ids_N is not None:
        usable = (positive_ids_N[rows, None] != positive_ids_N) | own_BN
    if negatives_NKD is None:
        return positives_ND, own_BN, usable
    num_rows, num_hard, _ = negatives_NKD.shape
    own_hard = own_BN.repeat_interleave(num_hard, dim=1)
    usable_hard = torch.ones_like(own_hard) if config.others_hard else own_hard.clone()
    if negative_mask_NK is not None:
        usable_hard = usable_hard & negative_mask_NK.reshape(1, -1)
    if positive_ids_N is not None and negative_ids_NK is not None:
        usable_hard = usable_hard & (positive_ids_N[rows, None] != negative_ids_NK.reshape(1, -1))
    documents = torch.cat((positives_ND, negatives_NKD.reshape(num_rows * num_hard, -1)))
    return documents, torch.cat((own_BN, own_hard), dim=1), torch.cat((usable, usable_hard), dim=1)


def _beats(cosines: Tensor, limit_B1: Tensor | None) -> Tensor:
    if limit_B1 is None:
        return torch.zeros_like(cosines, dtype=torch.bool)
    return cosines.detach() > limit_B1


def _masked(cosines: Tensor, keep: Tensor) -> Tensor:
    return cosines.masked_fill(~keep, float("-inf"))
