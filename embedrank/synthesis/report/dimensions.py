"""What the plan asks for against what was wished of drafts and what became rows, dimension by dimension."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

TOLERANCE: Final = 0.02
"""Largest difference of two shares that counts as met."""

Wish = Mapping[str, Any]


class Dimensions:
    """Counts wishes, and those of them that became rows."""

    def __init__(self, asked: Mapping[str, Mapping[str, float]]) -> None:
        """Begin with nothing counted.

        Args:
            asked: Weights that the plan gives to values, by dimension; they need not add up to one.
        """
        self._asked = {name: _shares(weights) for name, weights in asked.items() if weights}
        self._wished: dict[str, Counter[str]] = {}
        self._kept: dict[str, Counter[str]] = {}
        self._num_in_length = self._num_with_length = 0

    def add(self, wish: Wish, query_words: int | None) -> None:
        """Count a draft. A passage that cannot serve the kind drawn for it was wished for that one, and gives another.

        Args:
            wish: As the output files hold it.
            query_words: Length of the query of its row; None where there is no row.
        """
        for name, value in dimensions_of(wish):
            drawn = wish.get("instead_of") if name == "kind" else None
            self._wished.setdefault(name, Counter())[drawn or value] += 1
            if query_words is not None:
                self._kept.setdefault(name, Counter())[value] += 1
        if query_words is not None and wish.get("length"):
            low, high = wish["length"]
            self._num_with_length += 1
            self._num_in_length += low <= query_words <= high

    def report(self) -> list[dict[str, Any]]:
        """One entry a dimension, those that the plan names first.

        Returns:
            Shares in 0..1 by value; `asked` is None where the plan leaves a value or the dimension open.
        """
        names = dict.fromkeys([*self._asked, *self._wished])
        return [self._entry(name) for name in names if self._wished.get(name)]

    def _entry(self, name: str) -> dict[str, Any]:
        asked, wished, kept = self._asked.get(name), self._wished[name], self._kept.get(name, Counter())
        values: list[dict[str, Any]] = [
            {
                "value": value,
                "asked": None if asked is None else asked.get(value, 0.0),
                "wished": wished[value] / wished.total(),
                "kept": kept[value] / kept.total() if kept else 0.0,
                "num_wished": wished[value],
                "num_kept": kept[value],
            }
            for value in dict.fromkeys([*(asked or {}), *sorted({*wished, *kept})])
        ]
        entry: dict[str, Any] = {"name": name, "num_wished": wished.total(), "num_kept": kept.total(), "values": values}
        if asked is not None:
            for share in ("wished", "kept"):
                entry[f"{share}_off"] = max(abs(value[share] - value["asked"]) for value in values)
        if name == "length" and self._num_with_length:
            entry["followed"] = self._num_in_length / self._num_with_length
        return entry


def dimensions_of(wish: Wish) -> Iterator[tuple[str, str]]:
    """The dimensions in which a wish has a value.

    Args:
        wish: As the output files hold it; what it leaves open is missing.

    Yields:
        Name and value.
    """
    kind, query_type = wish["kind"], wish.get("query_type")
    yield "kind", kind
    if query_type is not None:
        yield ("code_type" if kind == "code" else "query_type"), query_type
    if wish.get("difficulty") is not None:
        yield "difficulty", wish["difficulty"]
    if wish.get("length") is not None:
        yield "length", "-".join(map(str, wish["length"]))
    if kind == "retrieval":  # in the other kinds the data decide which languages there can be
        yield "lang", wish.get("lang") or "same"
    if wish.get("score") is not None:
        yield "score", str(wish["score"])


def _shares(weights: Mapping[str, float]) -> dict[str, float]:
    total = sum(weights.values())
    return {str(value): weight / total for value, weight in weights.items()} if total else {}
