"""Spans of a live server: request, tokenise, compute; the client's trace goes on; no text is in them."""

import pytest

from embedrank.core.errors import ConfigError, MissingPackageError
from embedrank.serving.app import create_app
from embedrank.serving.observing.tracing import Tracing, tracing_to
from embedrank.serving.settings import TraceSettings
from tests.engine.fakes import until
from tests.serving.fakes import client
from tests.serving.live import Live
from tests.serving.observing.test_trace_parent import SPAN, TRACE

SECRET = "tell-nobody"


@pytest.fixture
def exporter():
    pytest.importorskip("opentelemetry.sdk")
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    return InMemorySpanExporter()


@pytest.fixture
def traced(model_settings, loader, exporter):
    """Starts a server that traces; called, it ends it and gives its spans."""
    tracing = Tracing(exporter, TraceSettings(share=1.0))
    live = Live(create_app(model_settings(port=0), loader=loader, tracing=tracing)).start()

    def ended():
        live.stop()
        return exporter.get_finished_spans()

    yield live, ended
    live.server.should_exit = True


def ask(live, text, **headers):
    return client().post(f"{live.url}/v1/embeddings", json={"input": [text]}, headers=headers)


def test_a_request_is_a_span_with_its_stages_below_it(traced):
    live, ended = traced
    assert ask(live, SECRET).status_code == 200
    client().get(f"{live.url}/health")
    spans = {span.name: span for span in ended()}
    request = spans.pop("POST /v1/embeddings")
    assert {"body", "tokenise", "compute", "engine"} <= set(spans) and "GET /health" not in spans
    for span in spans.values():
        assert span.parent.span_id == request.context.span_id
        assert request.start_time <= span.start_time <= span.end_time <= request.end_time
    assert spans["tokenise"].start_time <= spans["compute"].start_time
    assert request.attributes["http.response.status_code"] == 200 and request.attributes["embedrank.texts"] == 1
    assert request.resource.attributes["service.name"] == "embedrank"
    assert SECRET not in "".join(span.to_json() for span in (request, *spans.values()))


def test_the_trace_of_the_client_goes_on(traced):
    live, ended = traced
    ask(live, "ours", traceparent=f"00-{TRACE}-{SPAN}-01")
    ask(live, "not kept", traceparent=f"00-{'a' * 32}-{SPAN}-00")
    spans = ended()
    assert {f"{span.context.trace_id:032x}" for span in spans} == {TRACE}
    (request,) = (span for span in spans if span.name.startswith("POST"))
    assert f"{request.parent.span_id:016x}" == SPAN and request.parent.is_remote


def test_a_request_that_fails_is_an_error_with_its_class(traced, loader):
    live, ended = traced
    loader.embedder.errors[SECRET] = RuntimeError(SECRET)
    assert ask(live, SECRET).status_code == 500
    (request,) = (span for span in ended() if span.name.startswith("POST"))
    assert request.status.status_code.name == "ERROR" and request.attributes["error.type"] == "compute"
    assert SECRET not in request.to_json()


def test_nothing_is_traced_unless_an_endpoint_is_set(model_settings):
    assert create_app(model_settings()).state.tracing is None


def test_without_the_library_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with pytest.raises(MissingPackageError, match="otel"):
        tracing_to(TraceSettings(endpoint="http://localhost:4318/v1/traces"))


def test_spans_come_to_the_endpoint(serving, loader):
    pytest.importorskip("opentelemetry.exporter.otlp.proto.http")
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
    from threading import Thread

    heard = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self):
            heard.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *words):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Collector) as collector:
        Thread(target=collector.serve_forever, daemon=True).start()
        endpoint = f"http://127.0.0.1:{collector.server_port}/v1/traces"
        live = serving(loader=loader, trace=TraceSettings(endpoint=endpoint))
        assert ask(live, SECRET).status_code == 200
        live.stop()
        until(lambda: heard)
        collector.shutdown()
    assert heard[0][0] == "/v1/traces" and b"tokenise" in heard[0][1] and SECRET.encode() not in heard[0][1]


@pytest.mark.parametrize("changes", [{"share": 1.5}, {"endpoint": "collector:4318"}])
def test_settings_that_cannot_be_meant_are_refused(changes):
    with pytest.raises(ConfigError, match="trace"):
        TraceSettings(**changes)
