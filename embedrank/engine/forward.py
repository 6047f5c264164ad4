"""The thread that owns the model: take a batch, compute it, hand the answers out, again."""

from __future__ import annotations

import time

from embedrank.engine.config import EngineConfig
from embedrank.engine.isolation import outcomes_of
from embedrank.engine.queue import FairQueue
from embedrank.engine.stats import Meter
from embedrank.engine.task import Item


class Forward:
    """Computes batches, one at a time."""

    def __init__(self, items: FairQueue[Item], config: EngineConfig, meter: Meter) -> None:
        self._items, self._config, self._meter = items, config, meter

    def run(self) -> None:
        """Work until the queue is closed."""
        while self._step():
            pass

    def _step(self) -> bool:
        batch = self._items.take(max_size=self._config.max_batch_tokens, max_wait_s=self._config.max_wait_ms / 1000)
        if not batch:
            return False
        batch.sort(key=lambda item: item.size)
        task = batch[0].task
        self._meter.start_batch(batch)
        start = time.perf_counter()
        try:
            outcomes = outcomes_of(batch, task.forward, model=task.name, on_split=lambda: self._meter.count("splits"))
        finally:
            self._meter.end_batch(batch)
        end = time.perf_counter()
        for request in {request for item in batch for request, _ in item.askers}:
            request.note("compute", start, end)
        task.settle(batch, outcomes)
        return True
