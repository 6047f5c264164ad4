"""The thread that tokenises ahead, so that the model's thread never waits for it.

The tokenisers are written in Rust and let go of Python's lock while they work.
"""

from __future__ import annotations

import time

from embedrank.engine.queue import FairQueue
from embedrank.engine.stats import Meter
from embedrank.engine.task import Item, Text

MAX_CHARACTERS = 16_384  # tokenised at a time: some milliseconds, for which a short query may have to wait


class Tokenising:
    """Takes texts from one queue and puts token sequences into the next."""

    def __init__(self, texts: FairQueue[Text], items: FairQueue[Item], meter: Meter) -> None:
        self._texts, self._items, self._meter = texts, items, meter

    def run(self) -> None:
        """Work until the queue of texts is closed."""
        while self._step():
            pass

    def _step(self) -> bool:
        texts = self._texts.take(max_size=MAX_CHARACTERS)
        if not texts:
            return False
        task, start = texts[0].task, time.perf_counter()
        for request, items in task.prepare(texts):
            request.note("tokenise", start, time.perf_counter())
            if not self._items.add(request, items):
                self._meter.count("dropped_texts", task.abandon(request, items))
        return True
