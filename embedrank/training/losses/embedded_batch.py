"""What the losses of an embedder compare: the vectors of a batch, and what is known of its rows.

Vectors may come from several processes. Then a process wants the loss of its own rows, against those of all; the mean
of the processes' losses is the loss of the whole batch.

Shape suffixes: N rows of all processes, B rows whose loss is wanted, K hard negatives per row, D dimensions,
C a row's own candidates (1 + K).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

ALL_ROWS = slice(None)


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddedBatch:
    """Unit vectors, row by row.

    Attributes:
        queries_ND: One query per row.
        positives_ND: One positive per query.
        negatives_NKD: Hard negatives; None where no row has any.
        negative_mask_NK: False where a row has fewer than K; None where all have K.
        query_ids_N: Integers that are equal where queries are the same; None means all differ.
        positive_ids_N: The same for positives. In clustering they name the cluster.
        negative_ids_NK: The same for hard negatives.
        scores_N: Graded similarity of query and positive; None where there is none.
        scales_N: Integers that are equal where scores are on one scale; None means that all are.
        rows: Rows whose loss is wanted: those of this process, or as many as fit in memory.
    """

    queries_ND: Tensor
    positives_ND: Tensor
    negatives_NKD: Tensor | None = None
    negative_mask_NK: Tensor | None = None
    query_ids_N: Tensor | None = None
    positive_ids_N: Tensor | None = None
    negative_ids_NK: Tensor | None = None
    scores_N: Tensor | None = None
    scales_N: Tensor | None = None
    rows: slice = field(default_factory=lambda: ALL_ROWS)

    @property
    def own_BN(self) -> Tensor:
        """True where both are the same row."""
        numbers_N = torch.arange(len(self.queries_ND), device=self.queries_ND.device)
        return numbers_N[self.rows, None] == numbers_N

    @property
    def cosines_B(self) -> Tensor:
        """Cosine of each wanted row's query and positive."""
        return (self.queries_ND[self.rows] * self.positives_ND[self.rows]).sum(-1)

    @property
    def same_query_BN(self) -> Tensor:
        """True where both rows have the same query; a row has the same as itself."""
        return self.own_BN if self.query_ids_N is None else self.query_ids_N[self.rows, None] == self.query_ids_N

    @property
    def same_positive_BN(self) -> Tensor:
        """True where both rows have the same positive; a row has the same as itself."""
        ids_N = self.positive_ids_N
        return self.own_BN if ids_N is None else ids_N[self.rows, None] == ids_N

    def usable_negatives(self) -> Tensor:
        """Where there are hard negatives, and they are another document than the wanted row's positive, `[B, N, K]`."""
        assert self.negatives_NKD is not None
        shape = self.negatives_NKD.shape[:2]
        usable = torch.ones((1, *shape), dtype=torch.bool, device=self.negatives_NKD.device)
        if self.negative_mask_NK is not None:
            usable = usable & self.negative_mask_NK
        if self.positive_ids_N is not None and self.negative_ids_NK is not None:
            usable = usable & (self.positive_ids_N[self.rows, None, None] != self.negative_ids_NK)
        return usable.expand(len(self.cosines_B), -1, -1)

    def own_candidates(self) -> tuple[Tensor, Tensor]:
        """Each wanted row's query against its own documents alone.

        Returns:
            Cosines `[B, C]`, the positive first, and where there is a document to compare with, `[B, C]`.
        """
        cosines_B1 = self.cosines_B[:, None]
        there_B1 = torch.ones_like(cosines_B1, dtype=torch.bool)
        if self.negatives_NKD is None:
            return cosines_B1, there_B1
        cosines_BK = (self.negatives_NKD[self.rows] @ self.queries_ND[self.rows, :, None])[..., 0]
        usable_BK = self.usable_negatives()[self.own_BN]
        return torch.cat((cosines_B1, cosines_BK), dim=1), torch.cat((there_B1, usable_BK), dim=1)

    def reversed(self) -> EmbeddedBatch:
        """The other direction: positives ask for queries. Hard negatives, which are documents, stay behind."""
        return replace(
            self,
            queries_ND=self.positives_ND,
            positives_ND=self.queries_ND,
            query_ids_N=self.positive_ids_N,
            positive_ids_N=self.query_ids_N,
            negatives_NKD=None,
            negative_mask_NK=None,
            negative_ids_NK=None,
        )
