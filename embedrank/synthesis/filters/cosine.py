"""Drops rows whose query and positive an embedding model does not find alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from embedrank.core.protocols import Encoder
from embedrank.core.types import FloatArray
from embedrank.synthesis.draft import Draft, SyntheticRow
from embedrank.synthesis.filters.bounds import check_within
from embedrank.synthesis.filters.filter import Verdict, drop, keep
from embedrank.synthesis.filters.needs import FilterNeeds
from embedrank.synthesis.filters.stateless import row_of

_TASKS = ("retrieval", "code", "bitext")


@dataclass(frozen=True, slots=True, kw_only=True)
class CosineConfig:
    """How alike.

    Source: Qwen3 Embedding, arXiv 2506.05176, section 3.3, which keeps pairs above 0.7.

    Attributes:
        minimum: Least cosine of the query and its nearest positive. Models differ in what they call alike: look at the
            cosines of pairs known to be right before trusting the default.
    """

    minimum: float = 0.7

    def __post_init__(self) -> None:
        check_within("filters.cosine", {"minimum": self.minimum}, -1, 1)


class CosineFilter:
    """Looks at retrieval, code and bitext rows; graded pairs and labels need not be alike, and pass."""

    name = "cosine"

    def __init__(self, config: CosineConfig, needs: FilterNeeds) -> None:
        """Take the model.

        Args:
            config: How alike.
            needs: An encoder.

        Raises:
            ConfigError: If there is no encoder.
        """
        self._config = config
        self._encoder = needs.encoder_for(self.name)

    def judge(self, drafts: Sequence[Draft]) -> list[Verdict]:
        """Drop rows below the minimum."""
        verdicts = [keep() for _ in drafts]
        places = [place for place, draft in enumerate(drafts) if row_of(draft).task in _TASKS]
        rows = [row_of(drafts[place]) for place in places]
        for place, cosine in zip(
            places, pair_cosines(self._encoder, rows, encode_row_queries(self._encoder, rows)), strict=True
        ):
            if cosine < self._config.minimum:
                verdicts[place] = drop("not alike", f"cosine {cosine:.3f}", cosine=cosine)
            else:
                verdicts[place] = keep(cosine=cosine)
        return verdicts

    def remember(self, drafts: Sequence[Draft]) -> None:
        """Nothing to remember."""


def encode_row_queries(encoder: Encoder, rows: Sequence[SyntheticRow]) -> FloatArray:
    """The queries of rows, each under its own instruction.

    Args:
        encoder: Embeds them.
        rows: The rows.

    Returns:
        Float32 `[rows, dim]`, unit rows.
    """
    queries = np.empty((len(rows), encoder.dim), dtype=np.float32)
    for instruction in dict.fromkeys(row.instruction for row in rows):
        places = [place for place, row in enumerate(rows) if row.instruction == instruction]
        queries[places] = encoder.encode_queries([rows[place].query for place in places], instruction=instruction)
    return queries


def pair_cosines(encoder: Encoder, rows: Sequence[SyntheticRow], queries: FloatArray) -> list[float]:
    """How alike each query and the nearest of its positives are.

    Args:
        encoder: Embeds the positives.
        rows: The rows.
        queries: Float32 `[rows, dim]`, their queries.

    Returns:
        One cosine a row.
    """
    if not rows:
        return []
    documents = encoder.encode_documents([text for row in rows for text in row.positives])
    ends = np.cumsum([len(row.positives) for row in rows])
    parts = np.split(documents, ends[:-1])
    return [float((part @ query).max()) for part, query in zip(parts, queries, strict=True)]
