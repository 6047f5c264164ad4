"""`/v1/rerank`, `/v2/rerank` and `/rerank` with documents: one answer that the clients of three APIs read."""

import numpy as np
import pytest

from tests.serving.dialects.conftest import DOCUMENTS, QUERY

PATHS = ("/v1/rerank", "/v2/rerank", "/rerank")


def scores_of(answer):
    results = answer.json()["results"]
    return {result["index"]: result["relevance_score"] for result in results}


@pytest.mark.parametrize("path", PATHS)
def test_scores_are_those_of_the_reranker_with_its_template(ask, reranker, path):
    expected = reranker.score(QUERY, DOCUMENTS)
    got = scores_of(ask(path, query=QUERY, documents=DOCUMENTS))
    assert np.allclose([got[place] for place in range(len(DOCUMENTS))], expected, atol=1e-5)


@pytest.mark.parametrize("path", PATHS)
def test_the_best_come_first_and_no_more_than_asked_for(ask, reranker, path):
    expected = np.argsort(-reranker.logits(QUERY, DOCUMENTS))[:2].tolist()
    answer = ask(path, query=QUERY, documents=DOCUMENTS, top_n=2).json()
    assert [result["index"] for result in answer["results"]] == expected


def test_top_n_of_nought_is_all_as_in_vllm(ask):
    assert len(ask("/v1/rerank", query=QUERY, documents=DOCUMENTS, top_n=0).json()["results"]) == len(DOCUMENTS)


def test_an_instruction_is_put_into_the_template_under_either_name(ask, reranker):
    expected = reranker.score(QUERY, DOCUMENTS, instruction="Judge")
    for name in ("instruction", "instruct"):
        got = scores_of(ask("/v1/rerank", query=QUERY, documents=DOCUMENTS, **{name: "Judge"}))
        assert np.allclose([got[place] for place in range(len(DOCUMENTS))], expected, atol=1e-5)


def test_logits_on_demand(ask, reranker):
    expected = reranker.logits(QUERY, DOCUMENTS)
    for name in ("use_activation", "activation"):
        got = scores_of(ask("/v1/rerank", query=QUERY, documents=DOCUMENTS, **{name: False}))
        assert np.allclose([got[place] for place in range(len(DOCUMENTS))], expected, atol=1e-4)


def test_every_client_finds_its_counts(ask, reranker):
    answer = ask("/v1/rerank", query=QUERY, documents=DOCUMENTS, model="pico").json()
    tokens = sum(reranker.judge(QUERY, DOCUMENTS).num_tokens)
    assert answer["usage"] == {"prompt_tokens": tokens, "total_tokens": tokens}
    assert answer["meta"]["tokens"] == {"input_tokens": tokens}
    assert answer["meta"]["billed_units"] == {"search_units": 1}
    assert answer["model"] == "pico"


@pytest.mark.parametrize(
    ("path", "fields", "shows"),
    [
        ("/v1/rerank", {}, True),  # as Jina and vLLM
        ("/rerank", {}, True),
        ("/v1/rerank", {"return_documents": False}, False),
        ("/v1/rerank", {"max_chunks_per_doc": 10}, False),  # Cohere's, which does not unless it is told to
        ("/v1/rerank", {"rank_fields": ["text"]}, False),
        ("/v2/rerank", {}, False),
        ("/v2/rerank", {"return_documents": True}, True),
    ],
)
def test_documents_come_back_where_the_client_expects_them(ask, path, fields, shows):
    documents = [{"text": "hello"}] if "rank_fields" in fields else ["hello"]
    (result,) = ask(path, query=QUERY, documents=documents, **fields).json()["results"]
    assert result.get("document") == ({"text": "hello"} if shows else None)


def test_objects_are_read_by_their_text_and_come_back_whole(ask, reranker):
    documents = [{"text": "hello", "title": "yes"}, {"text": "no"}]
    answer = ask("/v1/rerank", query=QUERY, documents=documents)
    expected = reranker.score(QUERY, ["hello", "no"])
    assert np.allclose([scores_of(answer)[0], scores_of(answer)[1]], expected, atol=1e-5)
    assert {str(result["document"]) for result in answer.json()["results"]} == {str(each) for each in documents}


def test_rank_fields_are_read_in_their_order(ask, reranker):
    documents = [{"text": "hello", "title": "yes"}, {"text": "no"}]
    got = scores_of(ask("/v1/rerank", query=QUERY, documents=documents, rank_fields=["title", "text"]))
    assert np.allclose([got[0], got[1]], reranker.score(QUERY, ["yes\nhello", "no"]), atol=1e-5)


def test_a_document_that_was_cut_says_so(ask):
    answer = ask("/v1/rerank", query=QUERY, documents=DOCUMENTS).json()
    cut = [result["index"] for result in answer["results"] if result.get("truncated")]
    assert cut == [2]
    assert answer["meta"]["warnings"] == ["1 of 4 documents were cut"]


def test_a_document_is_cut_to_the_tokens_that_the_client_allows(ask, reranker):
    answer = ask("/v2/rerank", query=QUERY, documents=["hello no no no", "no"], max_tokens_per_doc=2)
    kept = reranker.tokenizer.pieces("hello no no no", plain=True)[1].stop
    expected = reranker.score(QUERY, ["hello no no no"[:kept], "no"])
    got = scores_of(answer)
    assert np.allclose([got[0], got[1]], expected, atol=1e-5)
    assert {result["index"] for result in answer.json()["results"] if result.get("truncated")} == {0}


@pytest.mark.parametrize(
    ("fields", "status", "told"),
    [
        ({"documents": []}, 422, "documents"),
        ({"query": " "}, 400, "query"),
        ({"documents": [{"title": "x"}]}, 400, "rank_fields"),
        ({"documents": [{"image": "http://x/y.png"}]}, 400, "no text"),
        ({"documents": [{"title": "x"}], "rank_fields": ["body"]}, 400, "rank_fields"),
        ({"documents": [{"text": {"nested": 1}}]}, 422, "documents"),
        ({"truncate_prompt_tokens": 100}, 400, "max_tokens_per_doc"),
        ({"relevant_spans": {"mode": "enabled"}}, 400, "relevant_spans"),
        ({"model": "nobody"}, 404, "nobody"),
        ({"truncate": "error", "documents": DOCUMENTS}, 400, "documents[2]"),
        ({"top_n": -1}, 422, "top_n"),
    ],
)
def test_what_cannot_be_is_refused_in_words_of_both_apis(ask, fields, status, told):
    answer = ask("/v1/rerank", **{"query": QUERY, "documents": ["no"], **fields})
    body = answer.json()
    assert answer.status_code == status, body
    assert told in body["message"]
    assert body["detail"] == body["message"]


def test_chunks_have_no_effect_and_the_answer_says_so(ask):
    (warning,) = ask("/v1/rerank", query=QUERY, documents=["no"], max_chunks_per_doc=3).json()["meta"]["warnings"]
    assert "max_chunks_per_doc" in warning
