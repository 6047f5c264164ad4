"""The engine, its caches and the models as Prometheus sees them: read off when it looks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from embedrank.engine.stats import EngineStats
from embedrank.serving.service import Service

_STATES: Final = ("bytes", "entries", "is_open")  # what goes up and down


class Inside(Collector):
    """Collects from a service."""

    def __init__(self, service: Service) -> None:
        """Look at a service.

        Args:
            service: The server's.
        """
        self._service = service

    def collect(self) -> Iterator[Metric]:
        """All families of this moment."""
        stats = self._service.worker.engine.stats()
        yield from _queue(stats)
        yield from _work(stats)
        yield from _caches(stats)
        yield from self._models()

    def _models(self) -> Iterator[Metric]:
        service = self._service
        yield _gauge("up", "Whether the engine computes", float(service.health().is_well))
        yield _counter("engine_restarts", "Engines made anew after one had died", service.worker.num_restarts)
        yield _counter("model_loads", "Models loaded", service.shelf.num_loads)
        yield _counter("model_evictions", "Models evicted for want of memory", service.shelf.num_evictions)
        sizes = GaugeMetricFamily("embedrank_model_bytes", "Weights of a loaded model", labels=("model", "kind"))
        for entry in service.shelf.entries:
            if entry.loaded is not None:
                sizes.add_metric((entry.name, entry.kind), entry.loaded.num_bytes)
        yield sizes


def _queue(stats: EngineStats) -> Iterator[Metric]:
    in_flight = GaugeMetricFamily("embedrank_in_flight", "What holds permits of the engine", labels=("what",))
    for what, number in stats.in_flight.items():
        in_flight.add_metric((what,), number)
    yield in_flight
    waiting = GaugeMetricFamily("embedrank_queue", "What waits in the engine", labels=("before",))
    waiting.add_metric(("tokeniser",), stats.waiting_texts)
    waiting.add_metric(("model",), stats.waiting_items)
    yield waiting
    yield _gauge("computing_seconds", "How long the present batch has been computed", stats.computing_s)
    spreads = GaugeMetricFamily("embedrank_engine_recent_seconds", "Latest times", labels=("stage", "quantile"))
    for stage, spread in (("wait", stats.wait), ("compute", stats.compute)):
        spreads.add_metric((stage, "0.5"), spread.p50_ms / 1000)
        spreads.add_metric((stage, "0.95"), spread.p95_ms / 1000)
    yield spreads


def _work(stats: EngineStats) -> Iterator[Metric]:
    ended = CounterMetricFamily("embedrank_engine_requests", "Requests of the engine by their end", labels=("end",))
    for end, number in stats.requests.items():
        ended.add_metric((end,), number)
    yield ended
    yield _counter("batches", "Batches computed", stats.batches)
    yield _counter("batch_tokens", "Tokens in these batches", stats.tokens)
    yield _counter("batch_texts", "Texts in these batches", stats.items)
    yield _counter("batch_splits", "Batches halved for what was in them", stats.splits)
    yield _counter("dropped_texts", "Texts not computed, for nobody waited any more", stats.dropped_texts)
    yield _counter("joined_texts", "Texts that waited for an equal one on its way", stats.joined)


def _caches(stats: EngineStats) -> Iterator[Metric]:
    yield _counter("cache_hits", "Texts answered from the cache", stats.cache_hits)
    yield _counter("cache_misses", "Texts that were not in the cache", stats.cache_misses)
    counts = CounterMetricFamily("embedrank_cache_events", "A cache's own counters", labels=("model", "event"))
    states = GaugeMetricFamily("embedrank_cache_state", "How a cache is at the moment", labels=("model", "what"))
    for model, events in stats.caches.items():
        for event, number in events.items():
            (states if event.endswith(_STATES) else counts).add_metric((model, event), number)
    yield counts
    yield states


def _gauge(name: str, gloss: str, value: float) -> Metric:
    return GaugeMetricFamily(f"embedrank_{name}", gloss, value=value)


def _counter(name: str, gloss: str, value: float) -> Metric:
    return CounterMetricFamily(f"embedrank_{name}", gloss, value=value)
