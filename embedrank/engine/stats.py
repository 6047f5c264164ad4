"""What an engine has done and is doing: counters, and waiting and computing times of late."""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from embedrank.engine.task import Item

_KEPT_TIMES = 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Median and 95th percentile of the latest times, milliseconds; 0 where there are none."""

    p50_ms: float = 0.0
    p95_ms: float = 0.0

    @classmethod
    def of(cls, seconds: Sequence[float]) -> Spread:
        """Spread of a list of times."""
        if not seconds:
            return cls()
        ordered = sorted(seconds)
        p50, p95 = (1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))] for share in (0.5, 0.95))
        return cls(p50_ms=p50, p95_ms=p95)


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineStats:
    """One look at an engine.

    Attributes:
        in_flight: Requests, texts and characters that hold permits.
        waiting_texts: Texts that wait for the tokeniser.
        waiting_items: Token sequences that wait for the model.
        computing_s: How long the present batch has been computed; 0 between batches. Grows when the model is stuck.
        requests: How requests ended: `answered`, `cancelled`, or the name of an error, refusals included.
        batches: Batches computed.
        splits: Batches that were halved because of what was in them.
        items: Token sequences computed.
        tokens: Tokens of these.
        dropped_texts: Texts that were never computed because all who had asked for them were gone.
        joined: Texts that waited for an equal one on its way.
        cache_hits: Texts answered from the cache.
        cache_misses: Texts that were not in it.
        wait: From submission to the start of the batch.
        compute: Of a batch.
        caches: Counters of each model's cache, by the model's name.
    """

    in_flight: Mapping[str, int]
    waiting_texts: int
    waiting_items: int
    computing_s: float
    requests: Mapping[str, int]
    batches: int
    splits: int
    items: int
    tokens: int
    dropped_texts: int
    joined: int
    cache_hits: int
    cache_misses: int
    wait: Spread
    compute: Spread
    caches: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


class Meter:
    """Counts from all threads.

    Attributes:
        outcomes: How requests ended.
        counts: Everything else, by the field of `EngineStats` that shows it.
    """

    def __init__(self) -> None:
        self.outcomes: Counter[str] = Counter()
        self.counts: Counter[str] = Counter()
        self._waits: deque[float] = deque(maxlen=_KEPT_TIMES)
        self._computes: deque[float] = deque(maxlen=_KEPT_TIMES)
        self._seconds_per_text = 0.0
        self._started_at: float | None = None
        self._lock = threading.Lock()

    def end(self, outcome: str) -> None:
        """A request ended, or was refused."""
        with self._lock:
            self.outcomes[outcome] += 1

    def count(self, what: str, number: int = 1) -> None:
        """Something happened so many times."""
        with self._lock:
            self.counts[what] += number

    def start_batch(self, items: Iterable[Item]) -> None:
        """The model begins to compute."""
        now = time.monotonic()
        with self._lock:
            self._started_at = now
            self._waits.extend(now - item.submitted_at for item in items)

    def end_batch(self, items: Sequence[Item]) -> None:
        """The model is done with a batch, well or badly."""
        with self._lock:
            seconds = time.monotonic() - (self._started_at or 0.0)
            self._started_at = None
            self._computes.append(seconds)
            self.counts.update(batches=1, items=len(items), tokens=sum(item.size for item in items))
            latest, before = seconds / len(items), self._seconds_per_text
            self._seconds_per_text = latest if not before else 0.9 * before + 0.1 * latest

    def seconds_per_text(self) -> float:
        """How long a text took of late; 0 before the first."""
        return self._seconds_per_text

    def times(self) -> tuple[Spread, Spread, float]:
        """Waiting, computing, and how long the present batch has been computed, seconds."""
        with self._lock:
            computing_s = 0.0 if self._started_at is None else time.monotonic() - self._started_at
            return Spread.of(self._waits), Spread.of(self._computes), computing_s

    def tally(self) -> tuple[dict[str, int], Counter[str]]:
        """Copies of `outcomes` and `counts`."""
        with self._lock:
            return dict(self.outcomes), Counter(self.counts)
