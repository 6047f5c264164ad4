"""Logs are lines of JSON that say what happened to a request and nothing of what was in it."""

import json
import logging

import pytest

from embedrank.serving.observing.logs import JsonLines
from tests.engine.fakes import until
from tests.serving.fakes import client, embed

SECRET = "tell-nobody"


@pytest.fixture
def lines():
    heard = []

    class Ear(logging.Handler):
        def emit(self, record):
            heard.append(self.format(record))

    ear, log = Ear(), logging.getLogger("embedrank.serving")
    ear.setFormatter(JsonLines())
    log.addHandler(ear)
    level = log.level
    log.setLevel(logging.DEBUG)
    yield heard
    log.removeHandler(ear)
    log.setLevel(level)


def test_a_request_is_one_line_with_its_id_and_its_numbers(pico, lines):
    answer = embed(pico.url, [SECRET, SECRET + " again"])
    until(lambda: lines)
    (line,) = map(json.loads, lines)
    assert line["request_id"] == answer.headers["X-Request-Id"]
    assert (line["status"], line["path"], line["model"], line["texts"]) == (200, "/v1/embeddings", "pico", 2)
    assert line["tokens"] > 20 and line["stages_ms"]["engine"] >= 0


def test_no_text_shows_in_a_log_whatever_goes_wrong_with_it(pico, serving, loader, lines):
    live = serving(loader=loader)
    loader.embedder.errors[SECRET] = RuntimeError("a broken model")
    embed(live.url, [SECRET])
    embed(pico.url, [SECRET, "half \\ud800"])
    embed(pico.url, [SECRET], dimensions=-1)
    client().post(f"{pico.url}/v1/embeddings", json={"input": {"text": SECRET}})
    until(lambda: len(lines) >= 4)
    assert SECRET not in "".join(lines)
    assert any("a broken model" in line for line in lines)  # the operator is told what the client is not


def test_health_checks_do_not_fill_the_log(pico, lines):
    logging.getLogger("embedrank.serving").setLevel(logging.INFO)
    client().get(f"{pico.url}/health")
    embed(pico.url, ["hello"])
    until(lambda: lines)
    assert [json.loads(line)["path"] for line in lines] == ["/v1/embeddings"]


def test_a_line_is_one_line_whatever_is_in_it():
    record = logging.LogRecord("embedrank", logging.ERROR, "", 0, "two\nlines\x1b[31m \ud800", None, None)
    line = JsonLines().format(record)
    assert "\n" not in line and "\x1b" not in line
    assert json.loads(line)["level"] == "error"
