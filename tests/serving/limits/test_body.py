"""Bodies that are too large or too slow end early, and hold nothing while they come in."""

import json

import pytest

from tests.engine.fakes import until
from tests.serving.fakes import JSON, Wire, client, embed

HEAD = b"POST /v1/embeddings HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"


@pytest.fixture
def live(serving, loader):
    return serving(loader=loader, limits={"max_body_bytes": 1000, "max_upload_bytes": 5000, "body_timeout_s": 0.5})


def status(answer):
    return int(answer.split()[1])


def test_a_body_that_is_announced_too_large_is_refused_before_it_is_read(live):
    with Wire(live.port) as wire:
        wire.say(HEAD + b"Content-Length: 100000000\r\n\r\n")
        answer = wire.hear()
    assert status(answer) == 413
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["error"]["code"] == "too_large"


def test_a_body_of_unknown_length_is_refused_as_soon_as_it_is_too_large(live):
    with Wire(live.port) as wire:
        wire.say(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
        for _ in range(3):
            wire.say(b"200\r\n" + b"x" * 0x200 + b"\r\n")
        assert status(wire.hear()) == 413  # though the body has no end yet


def test_a_hundred_megabytes_are_answered_with_413(live):
    response = client().post(f"{live.url}/v1/embeddings", content=b"x" * 100_000_000, headers=JSON)
    assert response.status_code == 413
    assert embed(live.url, ["hello"]).status_code == 200


def test_a_body_of_just_the_size_is_taken(live):
    body = json.dumps({"input": "a"}).encode()
    full = body + b" " * (1000 - len(body))
    assert client().post(f"{live.url}/v1/embeddings", content=full, headers=JSON).status_code == 200
    assert client().post(f"{live.url}/v1/embeddings", content=full + b" ", headers=JSON).status_code == 413


def test_a_file_may_be_larger_than_a_request(live):
    head = {"Content-Type": "multipart/form-data; boundary=x"}
    assert client().post(f"{live.url}/v1/embeddings", content=b"x" * 5000, headers=head).status_code != 413
    assert client().post(f"{live.url}/v1/embeddings", content=b"x" * 5001, headers=head).status_code == 413


def test_a_client_that_sends_slowly_is_told_so_and_holds_no_place(live, loader):
    with Wire(live.port) as slow:
        slow.say(HEAD + b'Content-Length: 100\r\n\r\n{"input"')
        assert embed(live.url, ["quick"]).status_code == 200
        assert live.service.worker.engine.stats().in_flight["requests"] == 0
        assert status(slow.hear()) == 408


def test_a_client_that_goes_while_it_sends_leaves_nothing_behind(live):
    wire = Wire(live.port)
    wire.say(HEAD + b'Content-Length: 100\r\n\r\n{"input"')
    wire.hang_up()
    until(lambda: not live.server.server_state.tasks)


def test_a_large_body_comes_through_whole(serving, loader):
    live = serving(loader=loader, limits={"max_body_bytes": 20 << 20})
    padding = " " * (9 << 20)  # more than is kept in memory
    content = f'{{"input": "a",{padding}"dimensions": 32}}'.encode()
    response = client().post(f"{live.url}/v1/embeddings", content=content, headers=JSON)
    assert len(response.json()["data"][0]["embedding"]) == 32
