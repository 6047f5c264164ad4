"""Rows to look at: some of each cell, and some of what each stage dropped for each reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from embedrank.synthesis.cell import UNKNOWN
from embedrank.synthesis.report.sample import Sample

_PER_CELL: Final = 2
_PER_REASON: Final = 3
_MOST_CELLS: Final = 48
_MOST_CHARS: Final = 700
_MOST_NEGATIVES: Final = 3

Group = tuple[str, ...]


class Examples:
    """A count and a small sample for each group that is met."""

    def __init__(self, size: int) -> None:
        """Begin with no group.

        Args:
            size: Examples of each.
        """
        self._size = size
        self._counts: Counter[Group] = Counter()
        self._samples: dict[Group, Sample[dict[str, Any]]] = {}

    def add(self, group: Group, key: str, example: dict[str, Any]) -> None:
        """Count one of a group, and perhaps keep it as an example."""
        self._counts[group] += 1
        self._samples.setdefault(group, Sample(self._size)).offer(key, example)

    def largest(self, most: int) -> list[tuple[Group, int, list[dict[str, Any]]]]:
        """Group, count and examples of the groups with most members."""
        ranked = sorted(self._counts.items(), key=lambda entry: (-entry[1], entry[0]))
        return [(group, count, self._samples[group].items()) for group, count in ranked[:most]]

    def __len__(self) -> int:
        return len(self._counts)


class KeptExamples:
    """Kept rows by kind, query type and language."""

    def __init__(self) -> None:
        """Begin with none."""
        self._cells = Examples(_PER_CELL)

    def add(self, row: Mapping[str, Any], made: Mapping[str, Any]) -> None:
        """Take in a row and its origin, as the output files hold them."""
        wish, facts = made["wish"], made.get("facts", {})
        query_type = facts.get("query_type") or wish.get("query_type") or UNKNOWN
        lang = row.get("lang") or wish.get("lang") or UNKNOWN
        self._cells.add((wish["kind"], str(query_type), str(lang)), made["key"], _example(row, facts))

    def report(self) -> dict[str, Any]:
        """The largest cells with examples, and how many cells there are."""
        shown = [
            {"kind": group[0], "query_type": group[1], "lang": group[2], "count": count, "examples": examples}
            for group, count, examples in self._cells.largest(_MOST_CELLS)
        ]
        return {"num_cells": len(self._cells), "cells": shown}


class DroppedExamples:
    """Dropped drafts by stage and reason."""

    def __init__(self) -> None:
        """Begin with none."""
        self._reasons = Examples(_PER_REASON)

    def add(self, dropped: Mapping[str, Any]) -> None:
        """Take in a line of `dropped.jsonl`."""
        told = {"passage": dropped["passage"], "detail": _cut(dropped.get("detail", ""))}
        row = dropped.get("row")
        example = {**told, **(_example(row, {}) if row else {})}
        self._reasons.add((dropped["stage"], dropped["reason"]), dropped["key"], example)

    def report(self) -> list[dict[str, Any]]:
        """All reasons, the most frequent first, with examples."""
        return [
            {"stage": group[0], "reason": group[1], "count": count, "examples": examples}
            for group, count, examples in self._reasons.largest(len(self._reasons))
        ]


def _example(row: Mapping[str, Any], facts: Mapping[str, Any]) -> dict[str, Any]:
    found = {
        "query": _cut(row["query"]),
        "positive": _cut(row["positives"][0] if row["positives"] else ""),
        "negatives": [_cut(text) for text in row.get("negatives", ())[:_MOST_NEGATIVES]],
        "task": row.get("task"),
        "lang": row.get("lang"),
        "score": row.get("score"),
        "persona": facts.get("persona") if isinstance(facts.get("persona"), str) else None,
        "difficulty": facts.get("difficulty"),
    }
    return {name: value for name, value in found.items() if value not in (None, [], "")}


def _cut(text: str) -> str:
    return text if len(text) <= _MOST_CHARS else f"{text[:_MOST_CHARS]}…"
