"""Kinds of rows, one a file, chosen through one table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from embedrank.synthesis.kinds.kind import Kind
from embedrank.synthesis.kinds.retrieval import Retrieval

KINDS: Final[Mapping[str, Kind]] = {"retrieval": Retrieval()}
"""By the name that plans use."""
