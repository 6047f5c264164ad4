"""The list of dialects. A path that none of them has gets the first one's way of spelling trouble."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from embedrank.serving.dialects.dialect import Dialect
from embedrank.serving.dialects.openai.dialect import OPENAI
from embedrank.serving.dialects.operations.dialect import OPERATIONS
from embedrank.serving.page.dialect import PAGE
from embedrank.serving.searching.dialect import SEARCHING

DIALECTS: Final[Mapping[str, Dialect]] = MappingProxyType({dialect.name: dialect for dialect in (OPENAI, OPERATIONS, SEARCHING, PAGE)})
