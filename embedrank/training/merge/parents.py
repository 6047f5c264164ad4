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
from embedrank.training.merge.finite import all_finite

PART = 1 << 16  # numbers of a part: half a MiB a parent in float64, which stays in a processor's cache


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
        flats = [weights.tensor(name).flatten() for weights in self.parents]
        base = None if self.base is None else _column(self.base, name)
        for start in range(0, flats[0].numel(), PART):
            part_NE = torch.stack([flat[start : start + PART] for flat in flats]).to(torch.float64)
            if not all_finite(part_NE):
                raise _not_finite(self.parents[next(i for i, row in enumerate(part_NE) if not all_finite(row))], name)
            base_E = None if base is None else next(base)
            yield part_NE if base_E is None else part_NE.sub_(base_E), base_E

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
        if not all_finite(part_E):
            raise _not_finite(weights, name)
        yield part_E


def _not_finite(weights: Weights, name: str) -> CheckpointError:
    return CheckpointError(weights.folder, f"{name} holds numbers that are not finite")
