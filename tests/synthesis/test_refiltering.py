"""Rows of any origin go through filters as drafts do."""

from embedrank.synthesis.filters import build_filters
from embedrank.synthesis.filters.needs import FilterNeeds
from embedrank.synthesis.refiltering import Kept, refilter
from tests.search.fakes import BagEncoder

ROWS = [
    {"task": "retrieval", "query": "the brown bear", "positives": ["a brown bear eats"], "extra": 1},
    {"task": "retrieval", "query": "the brown bear", "positives": ["a brown bear eats"]},
    {"task": "retrieval", "query": "zebra crossing", "positives": ["the moon"]},
    {"task": "classification", "query": "zebra", "positives": ["animal"], "negatives": ["planet"]},
]


def test_rows_pass_as_they_are_and_every_drop_has_its_reason():
    filters = build_filters({"duplicates": None, "cosine": {"minimum": 0.2}}, FilterNeeds(encoder=BagEncoder()))
    counts = Kept()
    kept = list(refilter(iter(ROWS), filters, counts))
    assert [row for row, _ in kept] == [ROWS[0], ROWS[3]]
    assert 0.2 <= kept[0][1]["cosine"] <= 1
    assert (counts.num_read, counts.num_kept) == (4, 2)
    assert {name for name, _ in counts.dropped} == {"duplicates", "cosine"} and sum(counts.dropped.values()) == 2
