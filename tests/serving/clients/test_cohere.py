"""The `cohere` package against a live server, both versions of its API."""

import numpy as np
import pytest

from tests.serving.clients.packages import required
from tests.serving.dialects.conftest import DOCUMENTS, QUERY

cohere = required("cohere")


@pytest.fixture
def first(server):
    with cohere.Client(api_key="none", base_url=server.url) as client:
        yield client


@pytest.fixture
def second(server):
    with cohere.ClientV2(api_key="none", base_url=server.url) as client:
        yield client


def test_both_versions_rank_as_the_reranker_does(first, second, reranker):
    expected = reranker.score(QUERY, DOCUMENTS)
    order = np.argsort(-expected)[:3].tolist()
    for client in (first, second):
        answer = client.rerank(model="pico", query=QUERY, documents=DOCUMENTS, top_n=3)
        assert [result.index for result in answer.results] == order
        assert np.allclose([result.relevance_score for result in answer.results], expected[order], atol=1e-5)
        assert answer.meta.billed_units.search_units == 1
        assert answer.meta.warnings == ["1 of 4 documents were cut"]


def test_documents_come_back_as_the_client_sent_them(first):
    documents = [{"text": "hello", "title": "yes"}]
    (result,) = first.rerank(model="pico", query=QUERY, documents=documents, return_documents=True).results
    assert (result.document.text, result.document.title) == ("hello", "yes")


def test_a_cap_on_tokens_is_kept(second):
    answer = second.rerank(model="pico", query=QUERY, documents=["hello no no"], max_tokens_per_doc=1)
    assert answer.meta.warnings == ["1 of 1 documents were cut"]


def test_nulls_are_left_open_as_langchains_class_spells_them_out(second):
    answer = second.rerank(model="pico", query=QUERY, documents=DOCUMENTS, top_n=None, max_tokens_per_doc=None)
    assert len(answer.results) == len(DOCUMENTS)


def test_every_type_of_vector_is_read(second, embedder):
    types = ["float", "int8", "uint8", "binary", "ubinary", "base64"]
    answer = second.embed(
        model="pico", texts=["hello", "no"], input_type="search_query", embedding_types=types, output_dimension=32
    )
    found = answer.embeddings
    assert np.allclose(found.float_, embedder.encode_queries(["hello", "no"], dim=32), atol=1e-5)
    assert all(len(getattr(found, name)) == 2 for name in types[1:])


def test_the_first_version_sends_long_lists_in_parts(first, embedder):
    texts = [f"text {place}" for place in range(200)]
    answer = first.embed(model="pico", texts=texts, input_type="search_document")
    assert np.allclose(answer.embeddings, embedder.encode_documents(texts), atol=1e-5)
    typed = first.embed(model="pico", texts=texts, input_type="search_document", embedding_types=["float"])
    assert np.allclose(typed.embeddings.float_, answer.embeddings)


@pytest.mark.parametrize(
    ("call", "fields", "error"),
    [
        ("rerank", {"model": "nobody", "query": "a", "documents": ["b"]}, "NotFoundError"),
        ("rerank", {"model": "pico", "query": "", "documents": ["b"]}, "BadRequestError"),
        ("embed", {"model": "pico", "texts": ["a"], "input_type": "image"}, "BadRequestError"),
    ],
)
def test_trouble_comes_as_the_clients_own_errors(second, call, fields, error):
    with pytest.raises(getattr(cohere, error)) as caught:
        getattr(second, call)(**fields)
    assert caught.value.body["message"]
