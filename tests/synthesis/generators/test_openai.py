import json
import socket
import threading
import time
from dataclasses import replace

import pytest

from embedrank.core.errors import ConfigError
from embedrank.core.generation import Completion, Failure
from embedrank.synthesis.generators.openai_config import OpenAIConfig
from embedrank.synthesis.generators.usage import Prices
from tests.synthesis.generators.asking import HASTY, SCHEMA, opened, request
from tests.synthesis.misbehaving_server import MisbehavingServer


def test_answers_come_in_the_order_of_the_requests(tmp_path):
    with (
        MisbehavingServer(write=lambda body: body["messages"][0]["content"][::-1]) as server,
        opened(server, tmp_path) as generator,
    ):
        outcomes = generator.generate([request(number) for number in range(20)])
    assert [outcome.text[::-1] for outcome in outcomes] == [request(n).messages[0].content for n in range(20)]
    assert all(isinstance(outcome, Completion) and not outcome.is_cached for outcome in outcomes)


def test_what_is_sent_is_what_was_asked(tmp_path):
    with MisbehavingServer() as server, opened(server, tmp_path, extra_body={"top_k": 20}) as generator:
        generator.generate([request(3, temperature=0.2)])
    body = server.asked[0].body
    assert body == {
        "model": "test",
        "messages": [{"role": "user", "content": "write a query for passage 3"}],
        "temperature": 0.2,
        "max_tokens": 50,
        "seed": 3,
        "top_k": 20,
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "answer", "schema": SCHEMA, "strict": True},
        },
    }


def test_fields_that_an_endpoint_does_not_know_are_left_out(tmp_path):
    with MisbehavingServer() as server:
        told = {"sends_seed": False, "limit_field": "max_completion_tokens"}
        with opened(server, tmp_path, **told) as generator:
            generator.generate([request(3, schema=None)])
    body = server.asked[0].body
    assert "seed" not in body and "response_format" not in body and "max_tokens" not in body
    assert body["max_completion_tokens"] == 50


def test_no_more_requests_are_in_flight_than_may_be(tmp_path):
    with MisbehavingServer(delay_s=0.01) as server, opened(server, tmp_path, concurrency=3) as generator:
        threads = [
            threading.Thread(target=generator.generate, args=([request(10 * t + n) for n in range(10)],))
            for t in range(2)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(server.asked) == 20
    assert server.most_in_flight == 3


@pytest.mark.parametrize("trouble", ["limited", "error", "reset", "garbage", "503", "408"])
def test_trouble_that_passes_is_tried_again(tmp_path, trouble):
    with MisbehavingServer(script=[trouble] * 3) as server, opened(server, tmp_path) as generator:
        (outcome,) = generator.generate([request()])
    assert isinstance(outcome, Completion)
    assert server.said == [trouble] * 3 + ["ok"]
    assert generator.meter.usage.requests == 4


def test_an_endpoint_that_hangs_is_left_and_asked_again(tmp_path):
    with MisbehavingServer(script=["hang"]) as server, opened(server, tmp_path, timeout_s=0.2) as generator:
        (outcome,) = generator.generate([request()])
    assert isinstance(outcome, Completion)
    assert server.said == ["hang", "ok"]


@pytest.mark.parametrize(("trouble", "wait_s"), [("limited_seconds", 0.3), ("limited_date", 2.0)])
def test_nobody_asks_before_the_time_that_the_endpoint_named(tmp_path, trouble, wait_s):
    with (
        MisbehavingServer(script=["ok", trouble], retry_after_s=wait_s) as server,
        opened(server, tmp_path, concurrency=1) as generator,
    ):
        generator.generate([request(n) for n in range(4)])
    limited = server.said.index(trouble)
    next_came = server.asked[limited + 1].came_at
    least = wait_s if trouble == "limited_seconds" else wait_s - 1.0  # a date is told in whole seconds
    assert next_came - server.asked[limited].came_at >= least
    assert server.said.count("ok") == 4


def test_a_wait_longer_than_ones_patience_stops_the_run(tmp_path):
    with (
        MisbehavingServer(script=["limited_seconds"], retry_after_s=3600) as server,
        opened(server, tmp_path, retry=HASTY) as generator,
    ):
        (outcome,) = generator.generate([request()])
    assert outcome.reason == "too many requests" and not outcome.is_final
    assert len(server.asked) == 1


def test_an_endpoint_that_stays_busy_stops_the_run(tmp_path):
    retry = replace(HASTY, patience_s=2)
    with MisbehavingServer(status=429) as server, opened(server, tmp_path, retry=retry) as generator:
        (outcome,) = generator.generate([request()])
    assert outcome.reason == "too many requests" and not outcome.is_final
    assert len(server.asked) > HASTY.max_attempts  # being busy is not the request's fault


def test_nobody_at_the_address_stops_the_run(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/v1"
        with MisbehavingServer() as server, opened(server, tmp_path, retry=HASTY, base_url=url) as generator:
            outcomes = generator.generate([request(n) for n in range(3)])
    assert {(outcome.reason, outcome.is_final) for outcome in outcomes} == {("no connection", False)}


def test_an_endpoint_that_fails_on_everything_stops_the_run(tmp_path):
    with MisbehavingServer(status=500) as server, opened(server, tmp_path, retry=HASTY) as generator:
        (outcome,) = generator.generate([request()])
    assert outcome.reason == "server error" and not outcome.is_final
    assert len(server.asked) == HASTY.max_attempts


@pytest.mark.parametrize(("status", "asked"), [(500, HASTY.max_attempts), (401, 1)])
def test_what_stops_one_request_stops_those_that_wait(tmp_path, status, asked):
    with MisbehavingServer(status=status) as server, opened(server, tmp_path, retry=HASTY, concurrency=1) as generator:
        outcomes = generator.generate([request(n) for n in range(10)])
        assert {outcome.is_final for outcome in outcomes} == {False} and len(server.asked) == asked
        server.behaviour.status = None
        assert isinstance(generator.generate([request()])[0], Completion)


def test_a_request_that_breaks_an_endpoint_that_answers_others_fails_alone(tmp_path):
    with (
        MisbehavingServer(poison="passage 5", delay_s=0.002) as server,
        opened(server, tmp_path, concurrency=2) as generator,
    ):
        outcomes = generator.generate([request(n) for n in range(40)])
    assert isinstance(outcomes[5], Failure)
    assert (outcomes[5].reason, outcomes[5].is_final) == ("server error", True)
    assert sum(isinstance(outcome, Completion) for outcome in outcomes) == 39


def test_a_bad_request_fails_alone_and_is_not_sent_again(tmp_path):
    with (
        MisbehavingServer(script=["ok", "400", "ok"]) as server,
        opened(server, tmp_path, concurrency=1, answer_format="plain") as generator,
    ):
        outcomes = generator.generate([request(n) for n in range(3)])
    assert [type(outcome) for outcome in outcomes] == [Completion, Failure, Completion]
    assert outcomes[1].reason == "refused request" and outcomes[1].is_final and "status 400" in outcomes[1].detail
    assert len(server.asked) == 3


@pytest.mark.parametrize(
    ("said", "reason"),
    [(401, "not authorised"), (403, "not allowed"), (404, "not found"), (402, "not paid"), ("quota", "out of quota")],
)
def test_what_no_request_can_pass_stops_the_run_at_once(tmp_path, said, reason):
    with MisbehavingServer(script=[said]) as server, opened(server, tmp_path) as generator:
        (outcome,) = generator.generate([request()])
    assert (outcome.reason, outcome.is_final) == (reason, False)
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("length", "answer cut off"),
        ("refusal", "refused by the model"),
        ("filter", "content filter"),
        ("empty", "empty answer"),
    ],
)
def test_an_answer_that_is_none_is_a_final_failure_and_is_paid_for(tmp_path, fault, reason):
    with MisbehavingServer(faults={fault: 1}) as server, opened(server, tmp_path) as generator:
        outcomes = generator.generate([request()]) + generator.generate([request()])
    assert [(outcome.reason, outcome.is_final) for outcome in outcomes] == [(reason, True)] * 2
    assert len(server.asked) == 1  # it would be the same again
    assert generator.meter.usage.prompt_tokens == 6


@pytest.mark.parametrize(
    ("refused", "left"), [({"json_schema"}, "json_object"), ({"json_schema", "json_object"}, None)]
)
def test_formats_that_the_endpoint_refuses_are_given_up_once_and_told(tmp_path, refused, left):
    with (
        MisbehavingServer(refused_formats=frozenset(refused)) as server,
        opened(server, tmp_path, concurrency=1) as generator,
    ):
        outcomes = generator.generate([request(n) for n in range(5)])
    assert all(isinstance(outcome, Completion) for outcome in outcomes)
    assert server.said == ["400"] * len(refused) + ["ok"] * 5
    assert {(asked.body.get("response_format") or {}).get("type") for asked in server.asked[len(refused) :]} == {left}
    assert len(generator.meter.notes) == len(refused)
    assert "the endpoint refused json_schema" in generator.meter.notes[0]


def test_a_bad_request_gives_up_no_format(tmp_path):
    with MisbehavingServer(script=["400"] * 3) as server, opened(server, tmp_path, concurrency=1) as generator:
        first, second = generator.generate([request(0), request(1)])
    assert isinstance(first, Failure) and isinstance(second, Completion)
    assert server.asked[-1].body["response_format"]["type"] == "json_schema"
    assert generator.meter.notes == []


def test_usage_is_counted_with_its_price(tmp_path):
    prices = Prices(prompt=1e6, completion=2e6)
    with (
        MisbehavingServer(write=lambda body: "one two three") as server,
        opened(server, tmp_path, prices=prices) as generator,
    ):
        (outcome,) = generator.generate([request()])
    assert (outcome.prompt_tokens, outcome.completion_tokens, outcome.cost) == (6, 3, 12.0)
    assert generator.meter.usage.cost == 12.0


def test_closing_breaks_off_what_is_in_flight(tmp_path):
    with MisbehavingServer(script=["hang"] * 2) as server, opened(server, tmp_path, timeout_s=60) as generator:
        ended = []

        def ask():
            try:
                generator.generate([request(0), request(1)])
            except BaseException as error:
                ended.append(type(error).__name__)

        thread = threading.Thread(target=ask)
        thread.start()
        while server.num_in_flight < 2:
            time.sleep(0.005)
        generator.close()
        thread.join(20)
    assert ended == ["CancelledError"]


def test_random_troubles_lose_no_request(tmp_path):
    troubles = {"limited": 0.1, "limited_seconds": 0.05, "error": 0.1, "reset": 0.1, "garbage": 0.1}
    with (
        MisbehavingServer(troubles=troubles, retry_after_s=0.01) as server,
        opened(server, tmp_path) as generator,
    ):
        outcomes = generator.generate([request(n) for n in range(150)])
    assert all(isinstance(outcome, Completion) for outcome in outcomes)
    assert server.said.count("ok") == 150 < len(server.asked)
    assert generator.meter.usage.requests == len(server.asked)
    assert all(json.loads(outcome.text)["query"] for outcome in outcomes)


@pytest.mark.parametrize(
    ("field", "value"),
    [("model", ""), ("concurrency", 0), ("timeout_s", 0), ("answer_format", "xml"), ("limit_field", "tokens")],
)
def test_unsound_settings_are_refused(field, value):
    with pytest.raises(ConfigError, match=field):
        OpenAIConfig(**{"model": "m", field: value})
