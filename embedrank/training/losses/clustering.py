"""Clustering as contrast: all texts of a query's cluster are positives, all other texts of the batch negatives.

    L = -(1/N) sum_i (1/|P_i|) sum_{p in P_i} log( exp(s(q_i,p)/t) / sum_{a in A_i} exp(s(q_i,a)/t) )

A_i: positives of all rows, queries of all other rows, own hard negatives, without texts that are the query itself.
P_i: those of A_i in the cluster of row i; its own positive always. The cluster is told by `positive_ids_N`.

Shape suffixes: N rows, B rows whose loss is wanted, K hard negatives per row, A texts compared with a query.
Source: Supervised Contrastive Learning, arXiv 2004.11362, equation 2 (L_out), with queries as anchors.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from embedrank.training.losses.embedded_batch import EmbeddedBatch
from embedrank.training.losses.temperature import check_temperature


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusteringConfig:
    """Switches of the loss.

    Attributes:
        temperature: Divides cosines; 0.1 in the source.
    """

    temperature: float = 0.05

    def __post_init__(self) -> None:
        check_temperature("ClusteringConfig", self.temperature)


def clustering(batch: EmbeddedBatch, config: ClusteringConfig) -> Tensor:
    """The loss of a batch, or of some of its rows against all others.

    Args:
        batch: Unit vectors, and identities of positives that are equal within a cluster.
        config: Switches.

    Returns:
        A scalar, the mean over the rows wanted.
    """
    queries_BD = batch.queries_ND[batch.rows]
    num_rows = len(batch.queries_ND)
    logits_BA = queries_BD @ torch.cat((batch.positives_ND, batch.queries_ND)).T
    same_BN = batch.same_positive_BN
    positive_BA = torch.cat((same_BN, same_BN), dim=1)
    there_BA = torch.cat((torch.ones_like(same_BN), ~batch.same_query_BN), dim=1)
    if batch.negatives_NKD is not None:
        cosines_BC, there_BC = batch.own_candidates()
        logits_BA = torch.cat((logits_BA, cosines_BC[:, 1:]), dim=1)
        there_BA = torch.cat((there_BA, there_BC[:, 1:]), dim=1)
        positive_BA = torch.nn.functional.pad(positive_BA, (0, logits_BA.shape[1] - 2 * num_rows))
    positive_BA = positive_BA & there_BA
    logits_BA = logits_BA / config.temperature
    whole_B1 = logits_BA.masked_fill(~there_BA, float("-inf")).logsumexp(1, keepdim=True)
    log_shares_BA = (logits_BA - whole_B1).masked_fill(~positive_BA, 0.0)
    return -(log_shares_BA.sum(1) / positive_BA.sum(1)).mean()
