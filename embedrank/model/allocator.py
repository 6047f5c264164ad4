"""Keeping freed activations for the next layer instead of handing them back to the kernel.

glibc gives large blocks back at once, and every layer then takes page faults to get them again: in virtual machines a
product of 4096 rows took up to twice its time (LOG.md).
"""

from __future__ import annotations

import ctypes
import platform

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # names and numbers of malloc.h
LARGEST_KEPT = 64 << 20  # bytes of one block; larger ones, of very long texts, still go back at once
MOST_KEPT = 256 << 20  # bytes of free memory that stay with the process


def keep_freed_memory() -> bool:
    """Tell the C library to keep freed memory, for the whole process.

    Returns:
        Whether it could be told: True with glibc, False elsewhere.
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    told = [mallopt(_MMAP_THRESHOLD, LARGEST_KEPT), mallopt(_TRIM_THRESHOLD, MOST_KEPT)]
    return all(told)
