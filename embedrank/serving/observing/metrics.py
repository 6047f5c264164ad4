"""Metrics of one server, in one registry of its own."""

from __future__ import annotations

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from embedrank.serving.observing.facts import Facts

_SECONDS: Final = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120)


class Metrics:
    """Counts for Prometheus.

    Attributes:
        registry: Where they are registered.
    """

    def __init__(self) -> None:
        """Register what is counted of requests."""
        self.registry = registry = CollectorRegistry()
        self._requests = Counter(
            "embedrank_requests", "Requests by route and status", ("route", "status"), registry=registry
        )
        self._seconds = Histogram(
            "embedrank_request_seconds", "From head to answer", ("route",), buckets=_SECONDS, registry=registry
        )
        self._stages = Histogram(
            "embedrank_stage_seconds",
            "Time of a request in a stage: body, model (loading), truncate, engine (of which tokenise, compute), reply",
            ("stage",),
            buckets=_SECONDS,
            registry=registry,
        )
        self._problems = Counter(
            "embedrank_problems", "Requests without an answer, by class of trouble", ("kind",), registry=registry
        )
        by_model = ("model",)
        self._texts = Counter("embedrank_texts", "Texts read", by_model, registry=registry)
        self._tokens = Counter("embedrank_tokens", "Tokens read, cached ones too", by_model, registry=registry)
        self._truncated = Counter("embedrank_truncated_texts", "Texts that were cut", by_model, registry=registry)

    def observe(self, *, route: str, status: int, seconds: float, facts: Facts) -> None:
        """Count a request that has ended.

        Args:
            route: Pattern of its path; never the path itself, of which there could be any number.
            status: What it was answered.
            seconds: How long it took.
            facts: What was noted of it.
        """
        self._requests.labels(route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)
        for stage, spent in list(facts.stages.items()):  # the engine may still add to them
            self._stages.labels(stage).observe(spent)
        if facts.problem:
            self._problems.labels(facts.problem).inc()
        if facts.model:
            self._texts.labels(facts.model).inc(facts.texts)
            self._tokens.labels(facts.model).inc(facts.tokens)
            self._truncated.labels(facts.model).inc(facts.truncated)

    def exposition(self) -> tuple[bytes, str]:
        """All numbers of this moment in Prometheus' text format, and its content type."""
        return generate_latest(self.registry), CONTENT_TYPE_LATEST
