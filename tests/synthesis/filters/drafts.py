"""Drafts with rows, as filters are given them, and an encoder whose vectors can be read off the texts."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count

import numpy as np

from embedrank.synthesis.draft import Draft, SyntheticRow, Wish
from embedrank.synthesis.filters import build_filters
from embedrank.synthesis.filters.filter import Filter, Verdict
from embedrank.synthesis.filters.needs import FilterNeeds
from embedrank.synthesis.passage import Passage

PASSAGE = "The lynx hunts hares at dusk in the forests of the north, and sleeps in hollow trees during the day."
_NUMBERS = count()


def draft(
    query: str = "when does the lynx hunt",
    *positives: str,
    key: str | None = None,
    passage: Passage | None = None,
    wish: Wish | None = None,
    facts: dict | None = None,
    task: str = "retrieval",
    **row,
) -> Draft:
    passage = passage or Passage(id="p1", text=PASSAGE, lang="en")
    return Draft(
        key=f"d{next(_NUMBERS)}" if key is None else key,
        passage=passage,
        wish=wish or Wish(kind=task),
        facts=facts or {},
        row=SyntheticRow(task=task, query=query, positives=positives or (passage.text,), **row),
    )


def made(name: str, needs: FilterNeeds | None = None, **settings) -> Filter:
    (only,) = build_filters({name: settings}, needs or FilterNeeds())
    return only


def verdict(judge: Filter, one: Draft) -> Verdict:
    (said,) = judge.judge([one])
    return said


def reasons(judge: Filter, drafts: Sequence[Draft]) -> list[str]:
    """The reason of each that is dropped, an empty string for each that is kept."""
    said = judge.judge(drafts)
    assert all(verdict.keep == (not verdict.reason) for verdict in said)
    return [verdict.reason for verdict in said]


class AngleEncoder:
    """A text that ends in a number of degrees points that way; all others point to 0."""

    fingerprint = "angles"
    dim = 2

    def __init__(self) -> None:
        self.asked: list[tuple[str | None, tuple[str, ...]]] = []
        self.num_documents = 0

    def encode_queries(self, texts, *, instruction=None, dim=None):
        self.asked.append((instruction, tuple(texts)))
        return self._vectors(texts)

    def encode_documents(self, texts, *, dim=None):
        self.num_documents += len(texts)
        return self._vectors(texts)

    def _vectors(self, texts):
        degrees = [float(text.split()[-1]) if text.split()[-1].replace(".", "").isdigit() else 0.0 for text in texts]
        angles = np.radians(degrees)
        return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
