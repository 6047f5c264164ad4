"""Silence for the time of a block: what mteb and what it imports write would hide what we write."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from embedrank.core.quiet import quiet as without_log


@contextmanager
def quiet() -> Iterator[None]:
    """No log lines, no warnings, no bars of the mapping of columns; errors are raised as ever.

    Yields:
        Nothing.
    """
    with without_log():
        import datasets

        had_bars = not datasets.are_progress_bars_disabled()
        datasets.disable_progress_bars()
        try:
            yield
        finally:
            if had_bars:
                datasets.enable_progress_bars()
