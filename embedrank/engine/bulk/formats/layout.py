"""What crosses from a run to the writers of formats."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Shape of a whole output.

    Attributes:
        num_rows: Rows.
        width: Numbers per vector.
        dtype: `float32` or `float16`.
    """

    num_rows: int
    width: int
    dtype: np.dtype[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class RowBatch:
    """Some rows of the output.

    Attributes:
        ids: One name for each row.
        vectors: `[n, width]`.
        lengths: `[n, 2]`: tokens read, tokens of the whole text.
    """

    ids: Sequence[str]
    vectors: npt.NDArray[Any]
    lengths: npt.NDArray[np.int32]
