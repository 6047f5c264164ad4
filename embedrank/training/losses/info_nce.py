"""Five-term InfoNCE with a mask on likely false negatives.

    L = -(1/N) sum_i log( exp(s(q_i,d_i+)/t) / Z_i )
    Z_i = exp(s(q_i,d_i+)/t)
        + sum_k    m_ik exp(s(q_i,d_ik-)/t)      `hard`: own hard negatives
        + sum_j!=i m_ij exp(s(q_i,q_j)/t)        `qq`: other queries
        + sum_j!=i m_ij exp(s(d_i+,d_j)/t)       `dd`: other documents against the positive
        + sum_j!=i m_ij exp(s(q_i,d_j)/t)        `qd`: other documents against the query
    m_ij = 0 where s_ij > s(q_i,d_i+) + margin, or d_j is the same document as d_i+; else 1

Beyond the report, rows with the same query are no negatives of each other either: they are positives of one query.

Shape suffixes: N rows, B rows whose loss is wanted, K hard negatives per row, D dimensions, C all candidate documents
(N + N * K).
Source: Qwen3 Embedding report, arXiv 2506.05176, section 3.1; the `qd` term stands in its second version only. Without
`qq` and `dd` it is the second stage of Qwen3-VL-Embedding, arXiv 2601.04720.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from embedrank.core.errors import ConfigError
from embedrank.training.losses.embedded_batch import EmbeddedBatch
from embedrank.training.losses.temperature import check_temperature

TERMS = ("hard", "qq", "dd", "qd")
DD_MASKS = ("query", "self", "none")
DUPLICATES = ("document", "query")


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
        duplicates: Rows that are no negatives of each other, of `DUPLICATES`: those with the same document (as in the
            report), those with the same query.
    """

    temperature: float = 0.02
    terms: tuple[str, ...] = TERMS
    margin: float | None = 0.1
    dd_mask: str = "query"
    others_hard: bool = True
    duplicates: tuple[str, ...] = DUPLICATES

    def __post_init__(self) -> None:
        check_temperature("InfoNCEConfig", self.temperature)
        for name, known in (("terms", TERMS), ("duplicates", DUPLICATES)):
            if unknown := [value for value in getattr(self, name) if value not in known]:
                raise ConfigError("InfoNCEConfig", name, unknown, f"each must be one of {', '.join(known)}")
        if not self.terms:
            raise ConfigError("InfoNCEConfig", "terms", self.terms, "must hold at least one; else nothing is learned")
        if self.dd_mask not in DD_MASKS:
            raise ConfigError("InfoNCEConfig", "dd_mask", self.dd_mask, f"must be one of {', '.join(DD_MASKS)}")


def info_nce(batch: EmbeddedBatch, config: InfoNCEConfig) -> Tensor:
    """The loss of a batch, or of some of its rows against all others.

    Args:
        batch: Unit vectors, and which documents and queries are the same.
        config: Switches.

    Returns:
        A scalar, the mean over the rows wanted.
    """
    num_rows = len(batch.queries_ND)
    queries_BD, positives_BD = batch.queries_ND[batch.rows], batch.positives_ND[batch.rows]
    positive_B = batch.cosines_B
    limit_B1 = (positive_B.detach() + config.margin)[:, None] if config.margin is not None else None
    documents_CD, own_BC, usable_BC = _candidates(batch, config)
    q_to_d = queries_BD @ documents_CD.T
    close_BC = _beats(q_to_d, limit_B1)
    sums = [positive_B[:, None]]
    if "qd" in config.terms:
        sums.append(_masked(q_to_d, usable_BC & ~own_BC & ~close_BC))
    if "hard" in config.terms:
        hard_BC = own_BC.clone()
        hard_BC[:, :num_rows] = False
        sums.append(_masked(q_to_d, hard_BC & usable_BC & ~close_BC))
    if "qq" in config.terms:
        q_to_q = queries_BD @ batch.queries_ND.T
        other_BN = usable_BC[:, :num_rows] & ~own_BC[:, :num_rows]
        sums.append(_masked(q_to_q, other_BN & ~_beats(q_to_q, limit_B1)))
    if "dd" in config.terms:
        d_to_d = positives_BD @ documents_CD.T
        dropped = {"query": close_BC, "self": _beats(d_to_d, limit_B1), "none": torch.zeros_like(close_BC)}
        sums.append(_masked(d_to_d, usable_BC & ~own_BC & ~dropped[config.dd_mask]))
    logits = torch.cat(sums, dim=1) / config.temperature
    return (torch.logsumexp(logits, dim=1) - logits[:, 0]).mean()


def _candidates(batch: EmbeddedBatch, config: InfoNCEConfig) -> tuple[Tensor, Tensor, Tensor]:
    """All documents; which belong to row i; which may serve row i as negatives (its own positive may)."""
    own_BN = batch.own_BN
    same_BN = torch.zeros_like(own_BN)
    if "document" in config.duplicates:
        same_BN = same_BN | batch.same_positive_BN
    if "query" in config.duplicates:
        same_BN = same_BN | batch.same_query_BN
    usable_BN = ~same_BN | own_BN
    if batch.negatives_NKD is None:
        return batch.positives_ND, own_BN, usable_BN
    num_hard = batch.negatives_NKD.shape[1]
    own_hard = own_BN.repeat_interleave(num_hard, dim=1)
    usable_hard = batch.usable_negatives().flatten(1)
    if not config.others_hard:
        usable_hard = usable_hard & own_hard
    documents_CD = torch.cat((batch.positives_ND, batch.negatives_NKD.flatten(0, 1)))
    return documents_CD, torch.cat((own_BN, own_hard), dim=1), torch.cat((usable_BN, usable_hard), dim=1)


def _beats(cosines: Tensor, limit_B1: Tensor | None) -> Tensor:
    if limit_B1 is None:
        return torch.zeros_like(cosines, dtype=torch.bool)
    return cosines.detach() > limit_B1


def _masked(cosines: Tensor, keep: Tensor) -> Tensor:
    return cosines.masked_fill(~keep, float("-inf"))
