"""Silence while a library loads somebody's model: its log lines and bars would hide what we write."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from embedrank.core.quiet import quiet


@contextmanager
def quiet_loading() -> Iterator[None]:
    """No log lines, no warnings, no bars of transformers; errors are raised as ever.

    Yields:
        Nothing.
    """
    with quiet():
        from transformers.utils import logging as bars

        had_bars = bars.is_progress_bar_enabled()
        bars.disable_progress_bar()  # type: ignore[no-untyped-call]
        try:
            yield
        finally:
            if had_bars:
                bars.enable_progress_bar()  # type: ignore[no-untyped-call]
