"""A loss on quantised vectors: what is compared is what an index would store.

L'(v, ...) = L(q(v)/|q(v)|, ...)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, TypeAlias

from torch import Tensor
from torch.nn import functional

from embedrank.training.losses.quantisation_aware.binary import binary
from embedrank.training.losses.quantisation_aware.int8 import int8

Quantise: TypeAlias = Callable[[Tensor], Tensor]

STRAIGHT_THROUGH: Final[Mapping[str, Quantise]] = MappingProxyType({"int8": int8, "binary": binary})
"""Name to the quantisers that learn nothing themselves; `lsq` has steps beside."""
LSQ: Final = "lsq"
NONE: Final = "none"
FORMS: Final = (NONE, *STRAIGHT_THROUGH, LSQ)


def quantised(loss: Callable[..., Tensor], quantise: Quantise) -> Callable[..., Tensor]:
    """A loss that sees quantised vectors; `matryoshka` of it cuts first, as an index does.

    Args:
        loss: Takes unit vectors, or None in their place.
        quantise: Such as `int8`.

    Returns:
        The same loss of quantised, renormalised vectors.
    """

    def wrapped(*vectors: Tensor | None) -> Tensor:
        return loss(*[None if full is None else functional.normalize(quantise(full), dim=-1) for full in vectors])

    return wrapped
