"""Rows of any origin through the filters of synthesis, such as weak pairs through the paper's cosine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

from embedrank.core.errors import ConfigError
from embedrank.synthesis.draft import Draft, SyntheticRow, Wish
from embedrank.synthesis.filters.filter import Filter
from embedrank.synthesis.passage import Passage

ROW_FILTERS: Final = ("schema", "length", "language", "refusal", "copied", "duplicates", "decontaminate", "cosine")
"""Filters that judge by the row alone; the others look at the passage's corpus, or at what was wished for."""
_BLOCK: Final = 512


@dataclass(slots=True, kw_only=True)
class Kept:
    """Rows counted on the way through.

    Attributes:
        num_read: Rows read.
        num_kept: Rows kept.
        dropped: Filter and reason to rows.
    """

    num_read: int = 0
    num_kept: int = 0
    dropped: Counter[tuple[str, str]] = field(default_factory=Counter)


def require_row_filters(settings: Mapping[str, Any]) -> None:
    """Refuse filters that need more than rows.

    Args:
        settings: Name of a filter to its settings.

    Raises:
        ConfigError: If there is one.
    """
    for name in settings:
        if name not in ROW_FILTERS:
            raise ConfigError(
                "filters", name, settings[name], f"does not judge rows; these do: {', '.join(ROW_FILTERS)}"
            )


def refilter(
    rows: Iterable[Mapping[str, Any]], filters: Sequence[Filter], counts: Kept
) -> Iterator[tuple[Mapping[str, Any], Mapping[str, float]]]:
    """Rows that all filters keep.

    Args:
        rows: As files of training rows hold them.
        filters: The chain; each judges what those before it let through.
        counts: Told what becomes of the rows.

    Yields:
        A row as it came, and what filters measured of it.
    """
    numbered = enumerate(rows)
    while block := list(islice(numbered, _BLOCK)):
        counts.num_read += len(block)
        left = [(row, _draft(place, row), dict[str, float]()) for place, row in block]
        for each in filters:
            passed = []
            for (row, draft, figures), verdict in zip(left, each.judge([draft for _, draft, _ in left]), strict=True):
                if verdict.keep:
                    passed.append((row, draft, {**figures, **verdict.figures}))
                else:
                    counts.dropped[each.name, verdict.reason] += 1
            left = passed
        for each in filters:
            each.remember([draft for _, draft, _ in left])
        counts.num_kept += len(left)
        yield from ((row, figures) for row, _, figures in left)


def _draft(place: int, row: Mapping[str, Any]) -> Draft:
    positives = tuple(row.get("positives", ()))
    task, source, lang = row.get("task", "retrieval"), row.get("source") or "", row.get("lang")
    made = SyntheticRow(
        task=task,
        query=row["query"],
        positives=positives,
        negatives=tuple(row.get("negatives") or ()),
        source=source,
        instruction=row.get("instruction") or None,
        score=row.get("score"),
        lang=lang,
    )
    passage = Passage(id=str(place), text=positives[0] if positives else "", source=source, is_code=task == "code")
    return Draft(key=str(place), passage=passage, wish=Wish(kind=task), row=made)
