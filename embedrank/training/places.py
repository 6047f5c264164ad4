"""Where the texts of a contrastive batch stand among the vectors of all processes.

Each process lays its texts down as queries, positives, hard negatives; processes follow one another by rank.

Shape suffixes: N rows of all processes, K most hard negatives of a row, A texts of all processes, D dimensions.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from embedrank.training.losses.embedded_batch import EmbeddedBatch
from embedrank.training.parallel.world import World
from embedrank.training.tokenized import EmbedderBatch


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Indices into the gathered vectors, row by row, with the documents' identities.

    Attributes:
        queries_N: Place of each row's query.
        positives_N: Place of its positive.
        negatives_NK: Places of its hard negatives; None where no row has any.
        mask_NK: False where a row has fewer than K.
        query_ids_N: Integers that are equal where queries are the same.
        positive_ids_N: The same for positives.
        negative_ids_NK: The same for hard negatives.
        own: Rows of this process.
        own_texts: Places of this process's texts.
        num_rows: Rows of the whole batch, on whichever process.
    """

    queries_N: Tensor
    positives_N: Tensor
    negatives_NK: Tensor | None
    mask_NK: Tensor | None
    query_ids_N: Tensor
    positive_ids_N: Tensor
    negative_ids_NK: Tensor | None
    own: range
    own_texts: slice
    num_rows: int

    @classmethod
    def of(cls, batch: EmbedderBatch, world: World, *, device: torch.device | str = "cpu") -> Places:
        """Places of a batch.

        Args:
            batch: This process's texts.
            world: Whose vectors are gathered; a world of one for no others.
            device: Where the vectors are.

        Returns:
            The places.
        """
        shares = world.of_all((batch.query_ids, batch.positive_ids, batch.negative_ids))
        queries: list[int] = []
        positives: list[int] = []
        negatives: list[list[int]] = []
        starts = []
        start = 0
        for _, positive_ids, negative_ids in shares:
            starts.append(start)
            rows = len(positive_ids)
            queries += range(start, start + rows)
            positives += range(start + rows, start + 2 * rows)
            start += 2 * rows
            for ids in negative_ids:
                negatives.append(list(range(start, start + len(ids))))
                start += len(ids)
        starts.append(start)
        before = sum(len(query_ids) for query_ids, _, _ in shares[: world.rank])
        num_hard = [len(places) for places in negatives]
        width = max(num_hard)
        mask = torch.arange(width)[None, :] < torch.tensor(num_hard)[:, None]
        return cls(
            queries_N=torch.tensor(queries, device=device),
            positives_N=torch.tensor(positives, device=device),
            negatives_NK=_rectangle(negatives, width, filler=0).to(device) if width else None,
            mask_NK=mask.to(device) if width else None,
            query_ids_N=torch.tensor([i for ids, _, _ in shares for i in ids], device=device),
            positive_ids_N=torch.tensor([i for _, ids, _ in shares for i in ids], device=device),
            negative_ids_NK=_rectangle([i for _, _, ids in shares for i in ids], width, filler=-1).to(device)
            if width
            else None,
            own=range(before, before + len(batch.positive_ids)),
            own_texts=slice(starts[world.rank], starts[world.rank + 1]),
            num_rows=len(queries),
        )

    def embedded(self, vectors_AD: Tensor, rows: slice) -> EmbeddedBatch:
        """What losses compare.

        Args:
            vectors_AD: Unit vectors of all texts of all processes.
            rows: Rows whose loss is wanted.

        Returns:
            The vectors, row by row.
        """
        return EmbeddedBatch(
            queries_ND=vectors_AD[self.queries_N],
            positives_ND=vectors_AD[self.positives_N],
            negatives_NKD=None if self.negatives_NK is None else functional.embedding(self.negatives_NK, vectors_AD),
            negative_mask_NK=self.mask_NK,
            query_ids_N=self.query_ids_N,
            positive_ids_N=self.positive_ids_N,
            negative_ids_NK=self.negative_ids_NK,
            rows=rows,
        )


def _rectangle(ragged: list[list[int]], width: int, *, filler: int) -> Tensor:
    return torch.tensor([[*row, *[filler] * (width - len(row))] for row in ragged])
