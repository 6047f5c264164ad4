"""The edges at which other servers hang, crash or answer with a neighbour's vector; all against a live server."""

import json

import numpy as np
import pytest

from tests.serving.fakes import JSON, client, embed, vectors

MAX = 512  # tokens of the pico embedder; a letter is one, and the end token another


def alone(live, text):
    """What a text gets by itself."""
    (vector,) = vectors(embed(live.url, [text]))
    return vector


@pytest.mark.parametrize("order", [1, -1])
def test_a_short_text_and_one_that_is_cut_get_their_own_vectors_in_both_orders(pico, order):
    texts = ["short", "x" * 5000][::order]
    response = embed(pico.url, texts)
    assert np.allclose(vectors(response), [alone(pico, text) for text in texts], atol=1e-5)
    assert [row["truncated"] for row in response.json()["data"]] == [False, True][::order]


@pytest.mark.parametrize("num_tokens", [MAX - 1, MAX, MAX + 1])
def test_texts_about_as_long_as_the_model_reads_are_answered(pico, num_tokens):
    response = embed(pico.url, ["y" * (num_tokens - 1), "no"])
    assert np.allclose(vectors(response)[1], alone(pico, "no"), atol=1e-5)
    assert response.json()["data"][0]["truncated"] == (num_tokens > MAX)
    assert response.json()["usage"]["prompt_tokens"] == min(num_tokens, MAX) + 2


def test_six_thousand_texts_in_one_request_all_get_their_own_vector(pico):
    texts = [f"{number}" for number in range(6000)]
    got = np.asarray(vectors(embed(pico.url, texts, dimensions=32)))
    assert got.shape == (6000, 32)
    for place in (0, 3333, 5999):
        assert np.allclose(got[place], vectors(embed(pico.url, [texts[place]], dimensions=32))[0], atol=1e-5)


def test_nine_long_texts_in_one_request_are_answered(pico):
    texts = [chr(ord("a") + number) * 32_768 for number in range(9)]
    response = embed(pico.url, texts)
    assert all(row["truncated"] for row in response.json()["data"])
    assert np.allclose(vectors(response)[8], alone(pico, texts[8]), atol=1e-5)


STRANGE = [
    "",
    " ",
    " \n\t ",
    "a\0b",
    "\0",
    "🙂👩‍👩‍👧",
    "مرحبا بالعالم",
    "שלום",
    "e\u0301\u200f\ufeff",
    "\x7f\x1b[31m",
    "<|im_end|>",
]


@pytest.mark.parametrize("text", STRANGE)
def test_a_strange_text_is_embedded_like_any_other(pico, text):
    first, second = vectors(embed(pico.url, [text, "hello"]))
    assert np.linalg.norm(first) == pytest.approx(1, abs=1e-4)
    assert np.allclose(second, alone(pico, "hello"), atol=1e-5)


def post(live, path, body):
    return client().post(live.url + path, content=body, headers=JSON)


@pytest.mark.parametrize(
    "body",
    [
        b'{"input": "half \\ud800 a character"}',
        b'{"input": ["fine", "half \\udc00"]}',
        b'{"input": "no utf-8 \xff\xfe"}',
        b'{"input": []}',
        b'{"input": [[]]}',
        b'{"input": null}',
        b'{"input": {"a": 1}}',
        b'{"input": ["a", 1]}',
        b'{"input": [true]}',
        b'{"input": [1.5]}',
        b'{"input": [-1]}',
        b'{"input": [[1, "a"]]}',
        b'{"input": [999999999999999999999999999]}',
        b'{"input": "a", "dimensions": 0}',
        b'{"input": "a", "dimensions": 1000000}',
        b'{"input": "a", "dimensions": true}',
        b'{"input": "a", "encoding_format": "hex"}',
        b'{"input": "a", "truncate": "sometimes"}',
        b'{"input": "a", "input_type": "document", "instruction": "find"}',
        b'{"input": "a", "model": 7}',
        b"{}",
        b"[]",
        b"null",
        b"",
        b"{",
        b"\x00",
        b"[" * 100_000,
        b'{"input": ' + b"[" * 5000 + b"]" * 5000 + b"}",
        b'{"input": "a", "input": ' + b"9" * 10_000 + b"}",
    ],
)
def test_what_cannot_be_used_is_refused_in_openais_words_and_is_never_the_servers_fault(pico, body):
    response = post(pico, "/v1/embeddings", body)
    assert 400 <= response.status_code < 500, response.text
    error = response.json()["error"]
    assert error["message"] and "\n" not in error["message"]
    assert set(error) == {"message", "type", "param", "code"}
    assert pico.service.health().is_well


def test_a_refusal_does_not_repeat_what_was_sent(pico):
    response = post(pico, "/v1/embeddings", json.dumps({"input": {"secret": "tell nobody"}}).encode())
    assert "tell nobody" not in response.text


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE"])
def test_a_method_that_is_not_there_is_refused(pico, method):
    assert client().request(method, f"{pico.url}/v1/embeddings").status_code == 405


@pytest.mark.parametrize(
    "path", ["/", "/../../etc/passwd", "/v1/models/../../../etc/passwd", "/%2e%2e/%2e%2e/etc", "/%00"]
)
def test_no_path_leads_out_of_the_server(pico, path):
    response = client().get(pico.url + path)
    assert response.status_code < 500 and "root:" not in response.text


def test_too_many_texts_are_too_large(serving, loader):
    live = serving(loader=loader, limits={"max_items": 3})
    assert embed(live.url, list("abc")).status_code == 200
    refused = embed(live.url, list("abcd"))
    assert refused.status_code == 413
    assert "4" in refused.json()["error"]["message"] and "3" in refused.json()["error"]["message"]


def test_an_instruction_that_would_stand_before_thousands_of_texts_has_to_be_short(pico):
    refused = embed(pico.url, ["a"] * 5000, instruction="i" * 1_000_000)
    assert refused.status_code == 400 and refused.json()["error"]["param"] == "instruction"


def test_a_query_of_megabytes_is_refused_and_holds_nobody_up(pico):
    body = {"query": "w" * 5_000_000, "documents": ["a"] * 1000}
    refused = client().post(f"{pico.url}/v1/rerank", json=body)
    assert refused.status_code == 400 and "query" in refused.text


def test_a_text_of_megabytes_is_not_told_token_by_token(pico):
    assert client().post(f"{pico.url}/tokenize", json={"inputs": "a " * 700_000}).status_code == 413


@pytest.mark.parametrize("text", ["a " * 3_000_000, "ab" * 100_000 + " " * 3_000_000])
def test_a_text_of_megabytes_keeps_its_end(pico, text):
    response = embed(pico.url, [text, "no"], truncate="left")
    assert [row["truncated"] for row in response.json()["data"]] == [True, False]
    assert np.allclose(vectors(response)[1], alone(pico, "no"), atol=1e-5)
