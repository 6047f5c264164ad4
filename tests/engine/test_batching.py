from collections import OrderedDict, deque

from hypothesis import given, settings
from hypothesis import strategies as st

from embedrank.engine.batching import pick_batch
from tests.engine.fakes import Entry, PlainRequest


def lanes_of(*lanes):
    return OrderedDict((PlainRequest(), deque(lane)) for lane in lanes)


def names(batch):
    return [entry.name for entry in batch]


def test_requests_are_served_in_turn():
    lanes = lanes_of([Entry(f"bulk{i}") for i in range(5)], [Entry("one")], [Entry("two"), Entry("three")])
    assert names(pick_batch(lanes, max_size=4)) == ["bulk0", "one", "two", "bulk1"]
    assert names(pick_batch(lanes, max_size=4)) == ["three", "bulk2", "bulk3", "bulk4"]
    assert not lanes


def test_what_exceeds_the_budget_goes_alone():
    lanes = lanes_of([Entry("huge", size=99)], [Entry("small")])
    assert names(pick_batch(lanes, max_size=10)) == ["huge"]
    assert names(pick_batch(lanes, max_size=10)) == ["small"]


def test_what_does_not_fit_is_first_next_time():
    lanes = lanes_of([Entry("a", size=6)], [Entry("b", size=6)], [Entry("c", size=4)])
    assert names(pick_batch(lanes, max_size=10)) == ["a", "c"]
    assert names(pick_batch(lanes, max_size=10)) == ["b"]


def test_groups_do_not_mix():
    lanes = lanes_of([Entry("a", group=1), Entry("b", group=1)], [Entry("c", group=2)])
    assert names(pick_batch(lanes, max_size=10)) == ["a", "b"]
    assert names(pick_batch(lanes, max_size=10)) == ["c"]


def test_what_another_lane_gave_away_is_passed_over():
    shared = Entry("shared")
    lanes = lanes_of([shared], [shared, Entry("own")])
    assert names(pick_batch(lanes, max_size=10)) == ["shared", "own"]
    gone = Entry("gone", taken=True)
    lanes = lanes_of([gone], [gone])
    assert pick_batch(lanes, max_size=10) == [] and not lanes


sizes = st.lists(st.lists(st.tuples(st.integers(1, 30), st.integers(0, 2)), min_size=1, max_size=12), max_size=8)


@settings(deadline=None)
@given(sizes, st.integers(1, 40))
def test_everything_is_taken_once_and_no_batch_of_several_exceeds_the_budget(sizes, budget):
    lanes = lanes_of(
        *(
            [Entry(f"{a}.{b}", size=size, group=group) for b, (size, group) in enumerate(lane)]
            for a, lane in enumerate(sizes)
        )
    )
    wanted = sorted(entry.name for lane in lanes.values() for entry in lane)
    taken = []
    while lanes:
        first = next(iter(lanes.values()))[0]
        batch = pick_batch(lanes, max_size=budget)
        assert batch[0] is first
        assert len(batch) == 1 or sum(entry.size for entry in batch) <= budget
        assert len({entry.group for entry in batch}) == 1
        taken += names(batch)
    assert sorted(taken) == wanted
