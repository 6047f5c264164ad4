"""Bounding what oneDNN and PyTorch remember of every shape of a product that they have seen.

Both keep compiled products by shape, 1,024 each, and packs of texts have ever new numbers of tokens: encoding texts of
varying length grew by more than 1 GiB before it stopped (LOG.md). A few are enough, since a new one costs little.
"""

from __future__ import annotations

import ctypes
from typing import Final

SHAPES_KEPT: Final = 64
NAMES: Final = ("LRU_CACHE_CAPACITY", "ONEDNN_PRIMITIVE_CACHE_CAPACITY")
"""Variables that the libraries look at when they are first used: PyTorch's around oneDNN, and oneDNN's own."""


def bound_shape_caches() -> bool:
    """Tell both libraries to keep fewer shapes, unless the user has said how many; in time before their first product.

    Returns:
        Whether they could be told: True where the C library has `setenv`.
    """
    setenv = getattr(ctypes.CDLL(None), "setenv", None)
    if setenv is None:
        return False
    leave_what_is_set = 0
    told = [setenv(name.encode(), str(SHAPES_KEPT).encode(), leave_what_is_set) for name in NAMES]
    return not any(told)
