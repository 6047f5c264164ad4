"""Clients that go, workers that die, queues that fill, servers that end: all are answered, none waits for ever."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from tests.engine.fakes import expected, until
from tests.serving.fakes import Wire, client, embed, vectors


@pytest.fixture
def live(serving, loader):
    return serving(loader=loader, engine={"max_requests": 4})


@pytest.fixture
def later():
    with ThreadPoolExecutor(16) as pool:
        yield pool.submit


def in_flight(live):
    return live.service.worker.engine.stats().in_flight["requests"]


def test_a_client_that_goes_frees_its_place(live, loader):
    loader.embedder.gate.shut()
    first, second = Wire(live.port), Wire(live.port)
    first.ask_for_vectors(["held"])
    loader.embedder.gate.wait_for_arrival()
    second.ask_for_vectors(["waits"])
    until(lambda: in_flight(live) == 2)
    second.hang_up()
    until(lambda: in_flight(live) == 1)
    first.hang_up()
    until(lambda: in_flight(live) == 0)
    loader.embedder.gate.open()
    assert np.allclose(vectors(embed(live.url, ["new"]))[0], expected("new"), atol=1e-6)
    assert "waits" not in loader.embedder.computed
    assert 'embedrank_problems_total{kind="client_gone"} 2.0' in client().get(f"{live.url}/metrics").text


def test_a_full_queue_says_429_and_when_to_come_back(live, loader, later):
    loader.embedder.gate.shut()
    held = [later(embed, live.url, [f"held {number}"]) for number in range(4)]
    until(lambda: in_flight(live) == 4)
    refused = embed(live.url, ["one too many"])
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) >= 1
    assert refused.json()["error"]["type"] == "rate_limit_error"
    loader.embedder.gate.open()
    assert [answer.result().status_code for answer in held] == [200] * 4
    assert embed(live.url, ["one too many"]).status_code == 200


def test_a_worker_that_dies_in_a_batch_answers_everyone_and_is_made_anew(live, loader, later):
    loader.embedder.gate.shut()
    loader.embedder.errors["poison"] = SystemExit("the thread is killed")
    caught = [later(embed, live.url, [text]) for text in ("poison", "b", "c")]
    until(lambda: in_flight(live) == 3)
    loader.embedder.gate.open()
    answers = [answer.result() for answer in caught]
    assert {answer.status_code for answer in answers} <= {200, 503}
    assert answers[0].status_code == 503 and answers[0].headers["Retry-After"]
    until(lambda: live.service.worker.num_restarts == 1)
    assert np.allclose(vectors(embed(live.url, ["after"]))[0], expected("after"), atol=1e-6)
    assert client().get(f"{live.url}/health").status_code == 200


def test_a_dead_worker_turns_health_to_503_with_the_reason(live, loader):
    live.service.worker.restarts_left = 0
    loader.embedder.errors["poison"] = SystemExit("gone")
    assert embed(live.url, ["poison"]).status_code == 503
    until(lambda: client().get(f"{live.url}/health").status_code == 503)
    health = client().get(f"{live.url}/health").json()
    assert "SystemExit" in health["reason"]
    assert embed(live.url, ["later"]).status_code == 503
    assert client().get(f"{live.url}/metrics").text.count("embedrank_up 0.0") == 1


def test_a_text_that_breaks_the_model_fails_alone(live, loader, later):
    loader.embedder.gate.shut()
    held = later(embed, live.url, ["held"])
    loader.embedder.gate.wait_for_arrival()
    loader.embedder.errors["bad"] = ValueError("nothing to be made of it")
    bad, good = later(embed, live.url, ["bad"]), later(embed, live.url, ["good"])
    until(lambda: in_flight(live) == 3)
    loader.embedder.gate.open()
    assert (held.result().status_code, good.result().status_code, bad.result().status_code) == (200, 200, 500)
    assert "nothing to be made" not in bad.result().text


def test_a_server_that_ends_answers_what_is_in_flight_and_turns_new_requests_away(live, loader, later):
    loader.embedder.gate.shut()
    held = later(embed, live.url, ["held"])
    loader.embedder.gate.wait_for_arrival()
    live.service.is_draining = True
    refused = embed(live.url, ["new"])
    assert (refused.status_code, refused.json()["error"]["code"]) == (503, "shutting_down")
    assert refused.headers["Connection"] == "close"
    assert client().get(f"{live.url}/ready").status_code == 503
    assert client().get(f"{live.url}/health").status_code == 200
    live.server.should_exit = True
    threading.Timer(0.3, loader.embedder.gate.open).start()
    assert np.allclose(vectors(held.result())[0], expected("held"), atol=1e-6)


def test_a_deadline_ends_in_504_and_frees_the_place(serving, loader):
    live = serving(loader=loader, limits={"timeout_s": 0.2})
    loader.embedder.gate.shut()
    late = embed(live.url, ["late"])
    assert (late.status_code, late.json()["error"]["code"]) == (504, "deadline_exceeded")
    until(lambda: in_flight(live) == 0)


def test_many_clients_at_once_get_their_own_vectors(pico, later):
    texts = [f"{'w' * (7 * number % 90)} {number}" for number in range(60)]
    answers = [later(embed, pico.url, [text, "no"]) for text in texts]
    for text, answer in zip(texts, answers, strict=True):
        assert np.allclose(vectors(answer.result())[0], vectors(embed(pico.url, [text]))[0], atol=1e-5)
