"""Silence for the time of a block: what mteb and what it imports write would hide what we write."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quiet() -> Iterator[None]:
    """No log lines, no warnings, no bars of the mapping of columns; errors are raised as ever.

    Yields:
        Nothing.
    """
    before = logging.root.manager.disable
    logging.disable(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import datasets

            had_bars = not datasets.are_progress_bars_disabled()
            datasets.disable_progress_bars()
            yield
            if had_bars:
                datasets.enable_progress_bars()
    finally:
        logging.disable(before)
