"""Jina's fields on the path that OpenAI's clients use too."""

import base64

import numpy as np
import pytest

from embedrank.evaluation.instructions import instructions


def vectors_of(answer):
    return np.array([row["embedding"] for row in answer.json()["data"]])


def test_a_task_decides_how_texts_are_read(ask, embedder):
    texts, tasks = ["hello world", "no"], instructions()["tasks"]
    for task, expected in (
        ("retrieval.query", embedder.encode_queries(texts)),
        ("retrieval.passage", embedder.encode_documents(texts)),
        ("text-matching", embedder.encode_queries(texts, instruction=tasks["sts"])),
        ("separation", embedder.encode_queries(texts, instruction=tasks["clustering"])),
        ("classification", embedder.encode_queries(texts, instruction=tasks["classification"])),
    ):
        assert np.allclose(vectors_of(ask("/v1/embeddings", input=texts, task=task)), expected, atol=1e-5)


def test_objects_with_text_are_texts(ask, embedder):
    answer = ask("/v1/embeddings", input=[{"text": "hello"}, {"text": "no"}])
    assert np.allclose(vectors_of(answer), embedder.encode_documents(["hello", "no"]), atol=1e-5)


def test_embedding_type_is_how_vectors_are_written(ask, embedder):
    (expected,) = embedder.encode_documents(["hello"])
    signs = vectors_of(ask("/v1/embeddings", input="hello", embedding_type="ubinary"))[0].astype(np.uint8)
    assert np.array_equal(np.unpackbits(signs)[: len(expected)], expected > 0)
    (row,) = ask("/v1/embeddings", input="hello", embedding_type="base64").json()["data"]
    assert np.allclose(np.frombuffer(base64.b64decode(row["embedding"]), "<f4"), expected, atol=1e-5)


def test_truncate_is_a_flag_as_well_as_a_policy(ask):
    assert ask("/v1/embeddings", input="w" * 3000, truncate=True).json()["data"][0]["truncated"]
    assert ask("/v1/embeddings", input="w" * 3000, truncate=False).status_code == 400
    assert ask("/v1/embeddings", input="w" * 3000, truncate="left").status_code == 200


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"input": "no", "late_chunking": True}, "late_chunking"),
        ({"input": [{"image": "http://x/y.png"}]}, "images"),
        ({"input": ["no", {"text": "no"}]}, "texts only"),
        ({"input": "no", "task": "retrieval"}, "task"),
    ],
)
def test_what_cannot_be_is_refused_where_jinas_clients_look(ask, fields, told):
    answer = ask("/v1/embeddings", **fields)
    assert answer.status_code == 400
    assert told in answer.json()["detail"] == answer.json()["error"]["message"]
