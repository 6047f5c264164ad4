"""From windows to negatives: counts add up, encoders agree, the reranker is asked for no more than is needed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from embedrank.training.negatives import reasons
from embedrank.training.negatives.config import MiningConfig
from embedrank.training.negatives.decision import Decision
from embedrank.training.negatives.rules import judge
from embedrank.training.negatives.sampling import draw_order
from embedrank.training.negatives.selection import select
from embedrank.training.negatives.window import Window
from tests.training.negatives.test_rules import identities, window

OPEN = MiningConfig(skip=0, max_score=None, max_share=None, num_negatives=3)


def over(places, scores, positive_score=1.0) -> Window:
    """A window over given places, whose digests are 100 and the place."""
    plain = window(scores, positive_score, digests=[100 + place for place in places])
    return replace(plain, places_K=np.array(places))


def kept(decision: Decision) -> list[int]:
    return [negative.place for negative in decision.negatives]


def test_the_best_that_are_left_are_taken_with_rank_and_score() -> None:
    decision = select([over([5, 0, 7, 2, 1], [0.9, 0.8, 0.7, 0.6, 0.5])], identities([105]), OPEN, row=0)
    assert kept(decision) == [0, 7, 2]
    assert [negative.rank for negative in decision.negatives] == [2, 3, 4]
    assert decision.positive_score == np.float32(0.9)
    assert decision.documents == {reasons.POSITIVE: 1, reasons.KEPT: 3, reasons.NOT_DRAWN: 1}


def test_a_row_whose_positive_no_window_holds_is_dropped_or_not_as_asked() -> None:
    found = [over([0, 1], [0.5, 0.4])]
    dropped = select(found, identities([9]), OPEN, row=0)
    assert (dropped.outcome, kept(dropped)) == (reasons.NOT_FOUND, [])
    assert dropped.documents == {reasons.ROW_DROPPED: 2}
    assert kept(select(found, identities([9]), replace(OPEN, require_positive=False), row=0)) == [0, 1]


def test_too_few_negatives_drop_the_row_and_written_ones_count() -> None:
    found = [over([5, 0], [0.9, 0.8])]
    config = replace(OPEN, min_negatives=2)
    dropped = select(found, identities([105]), config, row=0)
    assert (dropped.outcome, dropped.documents) == (reasons.TOO_FEW, {reasons.POSITIVE: 1, reasons.ROW_DROPPED: 1})
    assert kept(select(found, identities([105], written=[7]), config, row=0)) == [0]


def test_fill_takes_written_negatives_off_the_number_wanted_and_keep_does_not() -> None:
    found = [over([5, 0, 1, 2, 3], [0.9, 0.8, 0.7, 0.6, 0.5])]
    own = identities([105], written=[7, 8])
    assert kept(select(found, own, replace(OPEN, existing="fill"), row=0)) == [0]
    assert kept(select(found, own, replace(OPEN, existing="keep"), row=0)) == [0, 1, 2]
    full = identities([105], written=[6, 7, 8, 9])
    assert kept(select(found, full, replace(OPEN, existing="fill"), row=0)) == []


def test_two_encoders_are_pooled_by_best_rank_and_each_source_is_noted() -> None:
    one, other = over([5, 0, 1], [0.9, 0.8, 0.7]), over([2, 5, 1], [0.6, 0.5, 0.4])
    decision = select([one, other], identities([105]), OPEN, row=0)
    assert [(n.place, n.rank, n.encoder, n.score) for n in decision.negatives] == [
        (2, 1, 1, np.float32(0.6)),
        (0, 2, 0, np.float32(0.8)),
        (1, 3, 0, np.float32(0.7)),
    ]
    assert decision.documents == {reasons.POSITIVE: 2, reasons.FOUND_TWICE: 1, reasons.KEPT: 3}


def test_what_one_encoder_refuses_another_cannot_bring_back() -> None:
    one, other = over([5, 0], [0.9, 0.88], 0.9), over([5, 0], [0.9, 0.1], 0.9)
    decision = select([one, other], identities([105]), replace(OPEN, max_share=0.95, min_negatives=0), row=0)
    assert kept(decision) == []
    assert decision.documents[reasons.ABOVE_SHARE] == decision.documents[reasons.REFUSED_ELSEWHERE] == 1


class Judge:
    """Calls places relevant as told, and remembers what it was asked."""

    def __init__(self, relevant) -> None:
        self.relevant, self.asked = set(relevant), []

    def __call__(self, places):
        self.asked += places
        return np.array([0.9 if place in self.relevant else 0.1 for place in places], np.float32)


def test_a_reranker_has_a_veto_and_reads_no_more_than_is_needed() -> None:
    judge_ = Judge([0, 2])
    found = [over([5, *range(5), 6], [0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3])]
    decision = select(found, identities([105]), OPEN, row=0, relevance=judge_)
    assert kept(decision) == [1, 3, 4]
    assert judge_.asked == [0, 1, 2, 3, 4]
    assert decision.num_judged == 5
    assert decision.documents == {
        reasons.POSITIVE: 1,
        reasons.VETOED: 2,
        reasons.KEPT: 3,
        reasons.NOT_DRAWN: 1,
    }
    assert {negative.relevance for negative in decision.negatives} == {np.float32(0.1).item()}


RANDOM_ROWS = st.tuples(
    st.permutations(range(12)),
    st.sets(st.integers(0, 11), max_size=4),
    st.sets(st.integers(0, 11), max_size=6),
    st.builds(
        MiningConfig,
        skip=st.integers(0, 3),
        num_negatives=st.integers(1, 6),
        max_share=st.sampled_from([None, 0.5, 0.9]),
        sampling=st.sampled_from(["top", "random", "weighted"]),
        require_positive=st.booleans(),
    ),
)


@given(RANDOM_ROWS, st.integers(0, 5))
@settings(deadline=None)
def test_asking_the_reranker_bit_by_bit_chooses_what_judging_all_first_would(drawn, row) -> None:
    order, positives, relevant, config = drawn
    found = over(order, np.linspace(0.95, 0.1, 12), 0.9)
    own = identities([100 + place for place in positives])
    decision = select([found], own, config, row=row, relevance=Judge(relevant))
    usable = [place for place, reason in zip(order, judge(found, own, config), strict=True) if not reason]
    scores = found.scores_K[[order.index(place) for place in usable]]
    in_turn = [usable[at] for at in draw_order(scores, config, row=row)]
    expected = [place for place in in_turn if place not in relevant][: config.num_negatives]
    if decision.outcome == reasons.NOT_FOUND or len(expected) < config.min_negatives:
        expected = []
    assert kept(decision) == expected


@given(st.lists(RANDOM_ROWS, min_size=1, max_size=3), st.booleans())
@settings(deadline=None)
def test_no_positive_is_ever_a_negative_and_counts_add_up(drawn, has_reranker) -> None:
    _, positives, relevant, config = drawn[0]
    windows = [over(order[:9], np.linspace(0.95, 0.1, 9), 0.9) for order, *_ in drawn]
    own = identities([100 + place for place in positives])
    decision = select(windows, own, config, row=1, relevance=Judge(relevant) if has_reranker else None)
    assert not set(kept(decision)) & positives
    assert len(set(kept(decision))) == len(kept(decision)) <= config.num_negatives
    assert sum(decision.documents.values()) == sum(len(each.places_K) for each in windows)
    assert decision.documents.get(reasons.KEPT, 0) == len(kept(decision))
    assert Decision.from_line(decision.to_line()) == decision
