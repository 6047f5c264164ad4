"""The checkpoints that are merged: opened, compared with each other, and read part by part in float64.

Shape suffixes: N parents, E numbers of a part of a tensor.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from embedrank.core.errors import CheckpointError
from embedrank.model.weights import Weights
from embedrank.training.merge.alike import differences, merged_names, require_same_reading

PART = (
    1 << 17
)  # numbers of a part: 1 MiB a parent in float64, which stays in a processor's cache; 16 MiB took twice as long


@dataclass(frozen=True, slots=True, kw_only=True)
class Parents:
    """Checkpoints of one shape.

    Attributes:
        parents: In their order.
        base: What they were trained from, if the merge is of differences from it.
        names: Tensors of the result.
        notes: What differs between them and is taken from the first.
    """

    parents: tuple[Weights, ...]
    base: Weights | None
    names: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def first(self) -> Weights:
        """The parent whose layout, tokenizer and settings the result has."""
        return self.parents[0]

    def parts(self, name: str) -> Iterator[tuple[Tensor, Tensor | None]]:
        """A tensor of all parents part by part.

        Args:
            name: The tensor.

        Yields:
            Float64 `[N, E]`: the parents' numbers, or their differences from the base; and the base's own `[E]`.

        Raises:
            CheckpointError: If a number is not finite.
        """
        columns = [_column(weights, name) for weights in self.parents]
        base = None if self.base is None else _column(self.base, name)
        for pieces in zip(*columns, strict=True):
            base_E = None if base is None else next(base)
            part_NE = torch.stack(pieces)
            yield part_NE if base_E is None else part_NE - base_E, base_E

    def column(self, index: int, name: str) -> Iterator[Tensor]:
        """A tensor of one parent part by part, or its difference from the base; as `parts` else."""
        if self.base is None:
            yield from _column(self.parents[index], name)
            return
        for part_E, base_E in zip(_column(self.parents[index], name), _column(self.base, name), strict=True):
            yield part_E - base_E


def open_parents(folders: Sequence[Path], base: Path | None) -> Parents:
    """Open checkpoints that are to become one.

    Args:
        folders: Two or more; with and without `model.` before their tensors' names, with and without a head.
        base: What they were trained from, if differences are merged; only its tensors have to fit.

    Returns:
        The parents.

    Raises:
        CheckpointError: If they do not fit together, or one of them cannot be read.
    """
    first, *others = (Weights(folder) for folder in folders)
    start = None if base is None else Weights(base)
    for other in others:
        require_same_reading(first, other)
    names = merged_names(first, others if start is None else [*others, start])
    notes = tuple(line for other in others for line in differences(first, other))
    return Parents(parents=(first, *others), base=start, names=names, notes=notes)


def _column(weights: Weights, name: str) -> Iterator[Tensor]:
    flat = weights.tensor(name).flatten()
    for start in range(0, flat.numel(), PART):
        part_E = flat[start : start + PART].to(torch.float64)
        if not part_E.isfinite().all():
            raise CheckpointError(weights.folder, f"{name} holds numbers that are not finite")
        yield part_E
