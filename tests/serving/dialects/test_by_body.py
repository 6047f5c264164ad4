"""Paths that two dialects share are told apart by the body, trouble included."""

import numpy as np
import pytest

from embedrank.serving.dialects.by_body.telling import rerank_dialect, root_call, tokenize_dialect
from tests.serving.dialects.conftest import DOCUMENTS, QUERY


@pytest.mark.parametrize(
    ("body", "dialect"),
    [
        ({"query": "a", "texts": ["b"]}, "tei"),
        ({"query": "a", "documents": ["b"]}, "vllm"),
        ({"query": "a", "texts": ["b"], "documents": ["b"]}, "tei"),
        ({}, "tei"),
        (["documents"], "tei"),
        ("documents", "tei"),
        (None, "tei"),
    ],
)
def test_rerank_goes_by_documents_and_texts(body, dialect):
    assert rerank_dialect(body) == dialect


@pytest.mark.parametrize(
    ("body", "dialect"),
    [({"inputs": "a"}, "tei"), ({"prompt": "a"}, "vllm"), ({"messages": []}, "vllm"), ({}, "tei"), (7, "tei")],
)
def test_tokenize_goes_by_inputs_and_prompt(body, dialect):
    assert tokenize_dialect(body) == dialect


@pytest.mark.parametrize(
    ("body", "call"),
    [
        ({"inputs": "a"}, "embed"),
        ({"inputs": ["a"]}, "embed"),
        ({"inputs": []}, "embed"),
        ({"inputs": [["a", "b"]]}, "predict"),
        ({"inputs": {"source_sentence": "a", "sentences": ["b"]}}, "similarity"),
        ({"query": "a", "texts": ["b"]}, "rerank"),
        (None, "embed"),
    ],
)
def test_the_root_goes_by_the_shape_of_inputs(body, call):
    assert root_call(body) == call


def test_the_root_answers_as_the_path_that_is_meant(ask):
    similar = {"inputs": {"source_sentence": "hello", "sentences": ["no"]}}
    for path, body in (
        ("/embed", {"inputs": "hello"}),
        ("/rerank", {"query": QUERY, "texts": DOCUMENTS}),
        ("/predict", {"inputs": [["hello", "no"]]}),
        ("/similarity", similar),
    ):
        assert str(ask("/", **body).json())[:300] == str(ask(path, **body).json())[:300]


def test_one_path_two_answers(ask):
    ranks = ask("/rerank", query=QUERY, texts=DOCUMENTS).json()
    results = ask("/rerank", query=QUERY, documents=DOCUMENTS).json()["results"]
    assert [rank["index"] for rank in ranks] == [result["index"] for result in results]
    assert np.allclose([rank["score"] for rank in ranks], [result["relevance_score"] for result in results], atol=1e-6)


def test_one_path_two_ways_to_spell_trouble(ask):
    assert ask("/rerank", texts=["a"]).json()["error_type"] == "Validation"
    assert ask("/rerank", documents=["a"]).json()["error"]["type"] == "BadRequestError"
    assert ask("/tokenize", inputs=3).json()["error_type"] == "Validation"
    assert ask("/tokenize", prompt=3).json()["error"]["type"] == "BadRequestError"
