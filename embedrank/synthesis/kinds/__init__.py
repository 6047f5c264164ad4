"""Kinds of rows, one a file, chosen through one table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from embedrank.synthesis.kinds.bitext import Bitext
from embedrank.synthesis.kinds.classification import Classification
from embedrank.synthesis.kinds.code import Code
from embedrank.synthesis.kinds.kind import Kind
from embedrank.synthesis.kinds.retrieval import Retrieval
from embedrank.synthesis.kinds.sts import Sts

KINDS: Final[Mapping[str, Kind]] = {
    kind.name: kind for kind in (Retrieval(), Bitext(), Sts(), Classification(), Code())
}
"""By the name that plans use."""
