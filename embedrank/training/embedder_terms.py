"""The loss of an embedder's batch as a sum of terms: one for each piece of its rows and each form of its vectors.

A form is a prefix, whole or quantised. Each term is computed in float32, whatever the model ran in: at a temperature of
0.02 the rounding of a bfloat16 cosine would be a fifth of a logit.

Shape suffixes: N rows of all processes, A texts of all processes, D dimensions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

import torch
from torch import Tensor

from embedrank.training.losses.embedded_batch import EmbeddedBatch
from embedrank.training.losses.matryoshka import matryoshka
from embedrank.training.losses.quantisation_aware.quantised import Quantise, quantised
from embedrank.training.places import Places

Term: TypeAlias = Callable[[Tensor], Tensor]


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A form of vectors that is trained.

    Attributes:
        dim: Length of the prefix.
        weight: Weight of its loss.
        quantise: What the prefix goes through; None leaves it as it is.
    """

    dim: int
    weight: float
    quantise: Quantise | None = None

    def loss(self, of: Callable[[Tensor], Tensor], vectors_AD: Tensor) -> Tensor:
        """The weighted loss of vectors in this form.

        Args:
            of: Loss of unit vectors `[A, dim]`.
            vectors_AD: Raw vectors.

        Returns:
            A scalar.
        """
        seen = of if self.quantise is None else quantised(of, self.quantise)
        with torch.autocast(vectors_AD.device.type, enabled=False):
            return matryoshka(seen, (vectors_AD.float(),), dims=(self.dim,), weights=(self.weight,))


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Rows whose loss is computed together, and the weight of their mean in the loss of the batch."""

    rows: slice
    weight: float


def pieces_of(rows: range, *, size: int, weight: float) -> list[Piece]:
    """Cut rows into pieces that weigh as much as they have rows.

    Args:
        rows: Rows of this process.
        size: Most rows in a piece.
        weight: Weight of all together.

    Returns:
        The pieces.
    """
    cuts = [slice(start, min(start + size, rows.stop)) for start in range(rows.start, rows.stop, size)]
    return [Piece(rows=cut, weight=weight * (cut.stop - cut.start) / len(rows)) for cut in cuts]


def loss_terms(
    loss: Callable[[EmbeddedBatch], Tensor],
    places: Places,
    *,
    pieces: Sequence[Piece],
    forms: Sequence[Form],
) -> list[Term]:
    """The terms of a loss that compares rows.

    Args:
        loss: The loss.
        places: Where each row's texts are.
        pieces: Rows that are computed together.
        forms: Forms of vectors.

    Returns:
        Functions of the raw vectors `[A, D]`; their sum is the loss.
    """
    return [partial(_term, loss=loss, places=places, piece=piece, form=form) for piece in pieces for form in forms]


def _term(
    vectors_AD: Tensor,
    *,
    loss: Callable[[EmbeddedBatch], Tensor],
    places: Places,
    piece: Piece,
    form: Form,
) -> Tensor:
    return piece.weight * form.loss(lambda unit_AD: loss(places.embedded(unit_AD, piece.rows)), vectors_AD)
