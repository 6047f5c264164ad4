"""What a way of quantising has to say of itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import torch
from torch import Tensor

from embedrank.model.projection import Projection

MakeProjection: TypeAlias = Callable[[Tensor], Projection]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheme:
    """A way to keep and to multiply the weights of a decoder in fewer bits.

    Attributes:
        check: Refuses a device that cannot compute it, with an InvalidInputError.
        for_decoder: From the number type of a decoder's element-wise work to what makes its projections.
        number_type: Type of that work; None for the one that the device is fast at.
    """

    check: Callable[[torch.device], None]
    for_decoder: Callable[[torch.dtype], MakeProjection]
    number_type: torch.dtype | None = None
