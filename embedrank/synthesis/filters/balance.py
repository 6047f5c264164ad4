"""Drops rows of which there are enough already: of one source, kind, query type or language."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from embedrank.core.errors import ConfigError
from embedrank.synthesis.cell import cell_of
from embedrank.synthesis.draft import Draft
from embedrank.synthesis.filters.filter import Verdict, drop, keep
from embedrank.synthesis.filters.needs import FilterNeeds
from embedrank.synthesis.filters.stateless import row_of

Cap: TypeAlias = int | Mapping[str, int] | None
_DIMENSIONS = ("source", "kind", "query_type", "lang")


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceConfig:
    """Most rows of each value: one number for all values, or a number for each that is named; None for no cap.

    Attributes:
        source: By the set that passages come from.
        kind: By kind of row.
        query_type: By kind of query, as the configure step chose or the plan wished.
        lang: By language of the query.
    """

    source: Cap = None
    kind: Cap = None
    query_type: Cap = None
    lang: Cap = None

    def __post_init__(self) -> None:
        for field in _DIMENSIONS:
            cap = getattr(self, field)
            for number in cap.values() if isinstance(cap, Mapping) else (() if cap is None else (cap,)):
                if isinstance(number, bool) or not isinstance(number, int) or number < 0:
                    raise ConfigError("filters.balance", field, cap, "caps must be whole numbers of at least 0")
        if all(getattr(self, field) is None for field in _DIMENSIONS):
            raise ConfigError("filters.balance", "source", None, f"set a cap on one of {', '.join(_DIMENSIONS)}")


class BalanceFilter:
    """Looks at rows of every kind. Put it last: what later filters drop would still have been counted in its block."""

    name = "balance"

    def __init__(self, config: BalanceConfig, needs: FilterNeeds) -> None:
        """Begin with nothing counted.

        Args:
            config: The caps.
            needs: Unused.
        """
        self._caps = {field: getattr(config, field) for field in _DIMENSIONS if getattr(config, field) is not None}
        self._counts: Counter[tuple[str, str]] = Counter()

    def judge(self, drafts: Sequence[Draft]) -> list[Verdict]:
        """Drop rows past a cap, counting those kept earlier and in this call."""
        counts = self._counts.copy()
        verdicts = []
        for draft in drafts:
            values = list(self._values(draft))
            full = next((value for value in values if counts[value] >= self._cap(*value)), None)
            if full is not None:
                verdicts.append(drop(f"enough of this {full[0].replace('_', ' ')}", f"{full[1]}: {self._cap(*full):g}"))
                continue
            counts.update(values)
            verdicts.append(keep())
        return verdicts

    def remember(self, drafts: Sequence[Draft]) -> None:
        """Count these."""
        for draft in drafts:
            self._counts.update(self._values(draft))

    def _values(self, draft: Draft) -> Iterator[tuple[str, str]]:
        cell = cell_of(draft)
        values = {"source": row_of(draft).source, "kind": cell.kind, "query_type": cell.query_type, "lang": cell.lang}
        return ((field, values[field]) for field in self._caps)

    def _cap(self, field: str, value: str) -> float:
        cap = self._caps[field]
        return float(cap.get(value, float("inf")) if isinstance(cap, Mapping) else cap)
