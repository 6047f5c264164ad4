"""Cohere's `/v1/embed` and `/v2/embed`."""

import base64

import numpy as np
import pytest

from embedrank.evaluation.instructions import instructions

TEXTS = ["hello world", "no"]


def vectors_of(answer):
    return np.array(answer.json()["embeddings"]["float"])


def test_queries_get_the_instruction_and_documents_none(ask, embedder):
    documents = ask("/v2/embed", texts=TEXTS, input_type="search_document", embedding_types=["float"])
    queries = ask("/v2/embed", texts=TEXTS, input_type="search_query")
    assert np.allclose(vectors_of(documents), embedder.encode_documents(TEXTS), atol=1e-5)
    assert np.allclose(vectors_of(queries), embedder.encode_queries(TEXTS), atol=1e-5)


@pytest.mark.parametrize("task", ["classification", "clustering"])
def test_texts_to_be_compared_get_the_instruction_of_their_task(ask, embedder, task):
    answer = ask("/v2/embed", texts=TEXTS, input_type=task)
    expected = embedder.encode_queries(TEXTS, instruction=instructions()["tasks"][task])
    assert np.allclose(vectors_of(answer), expected, atol=1e-5)


def test_the_first_version_gives_a_plain_list_unless_types_are_named(ask, embedder):
    expected = embedder.encode_documents(TEXTS)
    plain = ask("/v1/embed", texts=TEXTS).json()
    typed = ask("/v1/embed", texts=TEXTS, embedding_types=["float", "int8"]).json()
    assert plain["response_type"] == "embeddings_floats"
    assert np.allclose(plain["embeddings"], expected, atol=1e-5)
    assert typed["response_type"] == "embeddings_by_type"
    assert list(typed["embeddings"]) == ["float", "int8"]
    assert plain["texts"] == TEXTS


def test_all_types_agree(ask):
    types = ["float", "int8", "uint8", "binary", "ubinary", "base64"]
    found = ask("/v2/embed", texts=TEXTS, embedding_types=types, output_dimension=40).json()["embeddings"]
    vectors = np.array(found["float"], dtype=np.float32)
    assert vectors.shape == (2, 40)
    assert np.array_equal(np.unpackbits(np.array(found["ubinary"], dtype=np.uint8), axis=1), vectors > 0)
    assert np.array_equal(np.array(found["binary"]) + 128, found["ubinary"])
    assert np.array_equal(np.array(found["int8"]) + 128, found["uint8"])
    raw = [np.frombuffer(base64.b64decode(text), "<f4") for text in found["base64"]]
    assert np.allclose(raw, vectors)


def test_inputs_in_pieces_are_joined(ask, embedder):
    inputs = [{"content": [{"type": "text", "text": "hello"}, {"type": "text", "text": "world"}]}]
    answer = ask("/v2/embed", inputs=inputs, input_type="search_document")
    assert np.allclose(vectors_of(answer), embedder.encode_documents(["hello\nworld"]), atol=1e-5)


def test_the_answer_says_what_was_cut_and_what_it_cost(ask):
    answer = ask("/v2/embed", texts=["w" * 3000, "no"]).json()
    assert answer["truncated"] == [True, False]
    assert answer["meta"]["warnings"] == ["1 of 2 texts were cut"]
    assert answer["meta"]["billed_units"]["input_tokens"] == 512 + 2


def test_start_keeps_the_end(ask, embedder):
    kept = "yes " + "w" * 3000
    from_start = vectors_of(ask("/v2/embed", texts=["no " + kept], truncate="START"))
    assert np.allclose(from_start, embedder.encode_documents(["w" * 511]), atol=1e-5)


def test_max_tokens_cuts_earlier_than_the_model(ask, embedder):
    answer = ask("/v2/embed", texts=["hello no no", "no"], max_tokens=1)
    assert np.allclose(vectors_of(answer), embedder.encode_documents(["hello", "no"]), atol=1e-5)
    assert answer.json()["truncated"] == [True, False]


@pytest.mark.parametrize(
    ("fields", "status", "told"),
    [
        ({"texts": ["w" * 3000], "truncate": "NONE"}, 400, "input[0]"),
        ({"texts": ["hello no no"], "truncate": "NONE", "max_tokens": 1}, 400, "more than 1 tokens"),
        ({"images": ["data:image/png;base64,xx"]}, 400, "images"),
        ({}, 400, "texts"),
        ({"texts": ["no"], "input_type": "image"}, 400, "input_type"),
        ({"texts": ["no"], "embedding_types": ["float16"]}, 400, "embedding_types"),
        ({"texts": ["no"], "output_dimension": 4096}, 400, "dim"),
        ({"texts": ["no"], "model": "embed-v4.0"}, 404, "embed-v4.0"),
        ({"texts": ["no"], "instruction": "Judge"}, 400, "instruction"),
    ],
)
def test_what_cannot_be_is_refused_in_coheres_words(ask, fields, status, told):
    answer = ask("/v2/embed", **fields)
    assert answer.status_code == status, answer.text
    assert told in answer.json()["message"]
