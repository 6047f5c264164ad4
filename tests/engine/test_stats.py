from embedrank.engine.stats import Meter, Spread
from embedrank.engine.task import Item


def test_the_spread_of_times_is_in_milliseconds():
    spread = Spread.of([second / 1000 for second in range(100)])
    assert (round(spread.p50_ms), round(spread.p95_ms)) == (50, 95)
    assert Spread.of([]) == Spread()


def test_a_batch_counts_its_items_and_tokens():
    meter = Meter()
    items = [Item(task=None, group=None, submitted_at=0.0, tokens=[1] * size) for size in (2, 5)]
    meter.start_batch(items)
    assert meter.times()[2] >= 0
    meter.end_batch(items)
    assert meter.tally()[1] == {"batches": 1, "items": 2, "tokens": 7}
    assert meter.times()[2] == 0 and meter.seconds_per_text() > 0


def test_only_the_latest_times_are_kept():
    meter = Meter()
    item = Item(task=None, group=None, submitted_at=0.0, tokens=[1])
    for _ in range(3000):
        meter.start_batch([item])
        meter.end_batch([item])
    assert len(meter._waits) == len(meter._computes) < 3000
