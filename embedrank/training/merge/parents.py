"""The checkpoints that are merged: opened, compared with each other, and read part by part in float64.

Shape suffixes: N parents, E numbers of a part of a tensor.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from embedrank.core.errors import CheckpointError, MissingTensorError, TensorShapeError
from embedrank.model.config import DecoderConfig
from embedrank.model.provenance import model_kind, read_json
from embedrank.model.weights import Weights

PART = 1 << 21  # numbers of a part: 16 MiB a parent in float64
_HEAD = "lm_head.weight"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parents:
    """Checkpoints of one shape.

    Attributes:
        parents: In their order.
        base: What they were trained from, if the merge is of differences from it.
        names: Tensors of the result.
    """

    parents: tuple[Weights, ...]
    base: Weights | None
    names: tuple[str, ...]

    @property
    def first(self) -> Weights:
        """The parent whose layout, tokenizer and settings the result has."""
        return self.parents[0]

    def parts(self, name: str) -> Iterator[tuple[Tensor, Tensor | None]]:
        """A tensor part by part.

        Args:
            name: The tensor.

        Yields:
            Float64 `[N, E]`: the parents' numbers, or their differences from the base; and the base's own `[E]`.

        Raises:
            CheckpointError: If a number is not finite.
        """
        flat = [weights.tensor(name).flatten() for weights in self.parents]
        base = None if self.base is None else self.base.tensor(name).flatten()
        for start in range(0, flat[0].numel(), PART):
            part_NE = torch.stack([tensor[start : start + PART].to(torch.float64) for tensor in flat])
            base_E = None if base is None else base[start : start + PART].to(torch.float64)
            part_NE = part_NE if base_E is None else part_NE - base_E
            if not part_NE.isfinite().all():
                where = int((~part_NE.isfinite().all(1)).nonzero()[0])
                raise CheckpointError(self.parents[where].folder, f"{name} holds numbers that are not finite")
            yield part_NE, base_E


def open_parents(folders: Sequence[Path], base: Path | None) -> Parents:
    """Open checkpoints that are to become one.

    Args:
        folders: Two or more; with and without `model.` before their tensors' names, with and without a head.
        base: What they were trained from, if differences are merged.

    Returns:
        The parents.

    Raises:
        CheckpointError: If they differ in kind, shape or vocabulary, or one of them cannot be read.
        MissingTensorError: If one of them lacks a tensor of the first.
        TensorShapeError: If a tensor has another shape in one of them.
    """
    every = [Weights(folder) for folder in (*folders, *([base] if base is not None else []))]
    first = every[0]
    names = tuple(name for name in first.names if name != _HEAD or _keeps_head(first.folder))
    for weights in every[1:]:
        _require_alike(first, weights, names, is_base=base is not None and weights is every[-1])
    return Parents(parents=tuple(every[: len(folders)]), base=every[-1] if base is not None else None, names=names)


def _keeps_head(folder: Path) -> bool:
    """Embedders need no head, and tied models read it from the token table."""
    return model_kind(folder) != "embedder" and not read_json(folder / "config.json").get("tie_word_embeddings", True)


def _require_alike(first: Weights, other: Weights, names: Sequence[str], *, is_base: bool) -> None:
    shape, other_shape = (DecoderConfig.from_json(each.folder / "config.json") for each in (first, other))
    if shape != other_shape:
        fields = [f"{name} {value}" for name, value in other_shape.to_mapping().items()]
        unlike = [text for text in fields if text not in [f"{n} {v}" for n, v in shape.to_mapping().items()]]
        raise CheckpointError(other.folder, f"has {', '.join(unlike)}, unlike {first.folder}")
    kinds = model_kind(first.folder), model_kind(other.folder)
    if not is_base and None not in kinds and kinds[0] != kinds[1]:
        raise CheckpointError(other.folder, f"is no {kinds[0]}, unlike {first.folder}")
    vocabularies = [read_json(each.folder / "tokenizer.json").get("model", {}) for each in (first, other)]
    if not is_base and vocabularies[0] != vocabularies[1]:
        raise CheckpointError(other.folder, f"has another vocabulary than {first.folder}")
    if missing := [name for name in names if name not in other]:
        raise MissingTensorError(other.folder, missing)
    for name in names:
        if first.shape(name) != other.shape(name):
            raise TensorShapeError(other.folder, name, expected=first.shape(name), found=other.shape(name))
