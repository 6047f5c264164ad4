"""The list of dialects. A path that none of them has gets the first one's way of spelling trouble."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from embedrank.serving.dialects.by_body.dialect import BY_BODY
from embedrank.serving.dialects.cohere.dialect import COHERE
from embedrank.serving.dialects.dialect import Dialect
from embedrank.serving.dialects.openai.dialect import OPENAI
from embedrank.serving.dialects.operations.dialect import OPERATIONS
from embedrank.serving.dialects.rerank.dialect import RERANK
from embedrank.serving.dialects.tei.dialect import TEI
from embedrank.serving.dialects.vllm.dialect import VLLM
from embedrank.serving.page.dialect import PAGE
from embedrank.serving.searching.dialect import SEARCHING

DIALECTS: Final[Mapping[str, Dialect]] = MappingProxyType(
    {dialect.name: dialect for dialect in (OPENAI, OPERATIONS, RERANK, COHERE, TEI, VLLM, BY_BODY, SEARCHING, PAGE)}
)
