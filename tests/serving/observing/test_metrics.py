"""What Prometheus reads adds up with what was asked, and nothing that clients choose becomes a label."""

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.engine.fakes import until
from tests.serving.fakes import client, embed


@pytest.fixture
def live(serving, loader):
    return serving(loader=loader)


def numbers(live):
    text = client().get(f"{live.url}/metrics").text
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_requests_texts_tokens_and_truncations_add_up(live):
    embed(live.url, ["ab", "abc"])
    embed(live.url, ["ab", "x" * 2000])
    embed(live.url, [])
    until(lambda: numbers(live).get(("embedrank_requests_total", "/v1/embeddings", "400")) == 1)
    seen = numbers(live)
    assert seen[("embedrank_requests_total", "/v1/embeddings", "200")] == 2
    assert seen[("embedrank_problems_total", "invalid_request")] == 1
    assert seen[("embedrank_texts_total", "pico")] == 4
    assert seen[("embedrank_tokens_total", "pico")] == 3 + 4 + 3 + 1000
    assert seen[("embedrank_truncated_texts_total", "pico")] == 1
    assert seen[("embedrank_cache_hits_total",)] == 1
    assert seen[("embedrank_cache_misses_total",)] == 3
    assert seen[("embedrank_batch_tokens_total",)] == 3 + 4 + 1000
    assert seen[("embedrank_stage_seconds_count", "engine")] == 2
    assert seen[("embedrank_up",)] == 1
    assert seen[("embedrank_model_bytes", "embedder", "pico")] == 1


def test_the_queue_shows_while_it_is_full_and_when_it_is_empty_again(live, loader):
    from concurrent.futures import ThreadPoolExecutor

    loader.embedder.gate.shut()
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(embed, live.url, ["held"])
        loader.embedder.gate.wait_for_arrival()
        second = pool.submit(embed, live.url, ["waits"])
        until(lambda: numbers(live)[("embedrank_in_flight", "requests")] == 2)
        until(lambda: numbers(live)[("embedrank_queue", "model")] == 1)
        loader.embedder.gate.open()
        assert first.result().status_code == second.result().status_code == 200
    until(lambda: numbers(live)[("embedrank_in_flight", "requests")] == 0)


def test_paths_that_are_not_there_share_one_label(live):
    for number in range(5):
        client().get(f"{live.url}/nowhere/{number}")
    until(lambda: numbers(live).get(("embedrank_requests_total", "other", "404")) == 5)
    client().get(f"{live.url}/v1/models/some-name")
    until(lambda: ("embedrank_requests_total", "/v1/models/{model:path}", "404") in numbers(live))


def test_two_servers_of_a_process_count_apart(live, serving, loader):
    other = serving(loader=loader)
    embed(live.url, ["hello"])
    assert ("embedrank_texts_total", "pico") not in numbers(other)


def test_a_request_keeps_the_id_that_its_client_gave_it_if_it_is_one(live):
    get = lambda sent: client().get(f"{live.url}/health", headers={"X-Request-Id": sent}).headers["X-Request-Id"]  # noqa: E731
    assert get("mine-1.a_b") == "mine-1.a_b"
    assert get("a b\tc") != "a b\tc" and len(get("x" * 100)) == 32
