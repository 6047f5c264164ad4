"""Silence while a library loads somebody's model: its log lines and bars would hide what we write."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quiet_loading() -> Iterator[None]:
    """No log lines, no warnings, no bars of transformers; errors are raised as ever.

    Yields:
        Nothing.
    """
    before = logging.root.manager.disable
    logging.disable(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from transformers.utils import logging as bars

            had_bars = bars.is_progress_bar_enabled()
            bars.disable_progress_bar()  # type: ignore[no-untyped-call]
            try:
                yield
            finally:
                if had_bars:
                    bars.enable_progress_bar()  # type: ignore[no-untyped-call]
    finally:
        logging.disable(before)
