"""A connection on which no request comes about, or no answer is read, is closed."""

import threading

from tests.engine.fakes import until
from tests.serving.fakes import Wire, embed


def test_a_head_that_never_ends_is_not_waited_for(serving, loader):
    live = serving(loader=loader, limits={"head_timeout_s": 0.3})
    with Wire(live.port) as silent, Wire(live.port) as dripping:
        dripping.say(b"GET /health HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        assert embed(live.url, ["hello"]).status_code == 200
        assert silent.hear() == b""
        assert dripping.hear() == b""


def test_a_request_that_takes_long_is_not_cut_short(serving, loader):
    live = serving(loader=loader, limits={"head_timeout_s": 0.2})
    loader.embedder.gate.shut()
    threading.Timer(0.6, loader.embedder.gate.open).start()
    assert embed(live.url, ["held"]).status_code == 200


def test_a_second_head_on_the_same_connection_is_not_waited_for_either(serving, loader):
    live = serving(loader=loader, limits={"head_timeout_s": 0.3})
    with Wire(live.port) as wire:
        wire.say(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
        assert wire.hear().startswith(b"HTTP/1.1 200")
        wire.say(b"GET /health HTTP/1.1\r\n")
        assert wire.hear() == b""


def test_a_client_that_never_reads_its_answer_loses_its_connection(serving, loader):
    live = serving(loader=loader, limits={"head_timeout_s": 0.2})
    live.server.config.timeout_keep_alive = 0.2
    with Wire(live.port) as deaf:
        deaf.ask_for_vectors([str(number) for number in range(8000)])  # megabytes of an answer
        until(lambda: live.server.server_state.connections)
        until(lambda: not live.server.server_state.connections)
