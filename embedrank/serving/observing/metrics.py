"""Metrics of one server, in one registry of its own."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST


class Metrics:
    """Counts for Prometheus.

    Attributes:
        registry: Where they are registered.
    """

    def __init__(self) -> None:
        """Register what is counted."""
        self.registry = CollectorRegistry()

    def exposition(self) -> tuple[bytes, str]:
        """All numbers of this moment in Prometheus' text format, and its content type."""
        return generate_latest(self.registry), CONTENT_TYPE_LATEST
