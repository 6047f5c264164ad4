"""Requests and their stages as OpenTelemetry spans; off unless an endpoint is set. Needs the extra `embedrank[otel]`.

Spans are made when a request has ended, from what was noted of it, so that tracing costs nothing on the way. No text of
a user is in them.

Source: https://opentelemetry.io/docs/specs/semconv/http/http-spans/
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from embedrank.core.errors import MissingPackageError
from embedrank.serving.observing.facts import Facts
from embedrank.serving.observing.trace_parent import TraceParent
from embedrank.serving.settings import TraceSettings

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace.export import SpanExporter


class Tracing:
    """Sends spans to an exporter, in batches, from a thread of its own."""

    def __init__(self, exporter: SpanExporter, settings: TraceSettings) -> None:
        """Begin.

        Args:
            exporter: Gets the spans.
            settings: Name and share; the endpoint is the exporter's affair.
        """
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
        from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased

        sampler = ParentBased(TraceIdRatioBased(settings.share))
        self._provider = TracerProvider(resource=Resource.create({"service.name": settings.name}), sampler=sampler)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("embedrank.serving")

    def record(
        self,
        facts: Facts,
        *,
        method: str,
        route: str,
        status: int,
        start: float,
        end: float,
        parent: TraceParent | None,
    ) -> None:
        """Make the spans of a request that has ended.

        Args:
            facts: What was noted of it.
            method: Of HTTP.
            route: Pattern of its path; the path itself may hold what a user wrote.
            status: What it was answered.
            start: When it came, on the clock of `time.perf_counter`.
            end: When it was answered.
            parent: The caller's span.
        """
        from opentelemetry.trace import SpanKind, Status, StatusCode, set_span_in_context

        epoch_ns = time.time_ns() - time.perf_counter_ns()
        attributes: dict[str, str | int | None] = {
            "http.request.method": method,
            "http.route": route,
            "http.response.status_code": status,
            "error.type": facts.problem,
            "embedrank.request_id": facts.request_id,
            "embedrank.model": facts.model,
            "embedrank.texts": facts.texts,
            "embedrank.tokens": facts.tokens,
            "embedrank.truncated": facts.truncated,
        }
        request = self._tracer.start_span(
            f"{method} {route}",
            context=_context(parent),
            kind=SpanKind.SERVER,
            attributes={name: value for name, value in attributes.items() if value is not None},
            start_time=epoch_ns + _ns(start),
        )
        if status >= 500:
            request.set_status(Status(StatusCode.ERROR))
        for stage, begun, ended in list(facts.spans):
            within = set_span_in_context(request)
            span = self._tracer.start_span(stage, context=within, start_time=epoch_ns + _ns(begun))
            span.end(epoch_ns + _ns(ended))
        request.end(epoch_ns + _ns(end))

    def close(self) -> None:
        """Send what waits, and end the thread."""
        self._provider.shutdown()


def tracing_to(settings: TraceSettings) -> Tracing | None:
    """Tracing as it is set.

    Args:
        settings: Where to send spans.

    Returns:
        The tracing; None where no endpoint is set.

    Raises:
        MissingPackageError: If OpenTelemetry is not installed.
    """
    if settings.endpoint is None:
        return None
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    except ImportError as error:
        package = "opentelemetry-exporter-otlp-proto-http"
        raise MissingPackageError(package, purpose="trace.endpoint", extra="otel") from error
    return Tracing(OTLPSpanExporter(endpoint=settings.endpoint), settings)


def _context(parent: TraceParent | None) -> Context:
    """The caller's span where there is one; an empty context where there is none, whatever else is traced here."""
    from opentelemetry.context import Context
    from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, set_span_in_context

    if parent is None:
        return Context()
    flags = TraceFlags(TraceFlags.SAMPLED if parent.is_sampled else TraceFlags.DEFAULT)
    caller = SpanContext(
        trace_id=int(parent.trace_id, 16), span_id=int(parent.span_id, 16), is_remote=True, trace_flags=flags
    )
    return set_span_in_context(NonRecordingSpan(caller), Context())


def _ns(seconds: float) -> int:
    return round(seconds * 1e9)
