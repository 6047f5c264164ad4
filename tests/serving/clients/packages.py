"""Packages that only tests of clients need."""

import pytest


def required(module):
    """The module; without it the tests of a file are skipped, and say how to get it."""
    return pytest.importorskip(module, reason=f'{module} is not installed (pip install "embedrank[clients]")')
