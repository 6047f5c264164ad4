"""vLLM's `/score`, `/tokenize` and what else it has."""

import httpx
import numpy as np
import pytest

from tests.serving.dialects.conftest import DOCUMENTS, QUERY


@pytest.mark.parametrize("path", ["/score", "/v1/score"])
@pytest.mark.parametrize(
    ("one", "other"),
    [("text_1", "text_2"), ("queries", "documents"), ("queries", "items"), ("data_1", "data_2")],
)
def test_one_query_is_scored_with_all_documents_under_every_name(ask, reranker, path, one, other):
    answer = ask(path, model="pico", **{one: QUERY, other: DOCUMENTS}).json()
    assert np.allclose([row["score"] for row in answer["data"]], reranker.score(QUERY, DOCUMENTS), atol=1e-5)
    assert [row["index"] for row in answer["data"]] == list(range(len(DOCUMENTS)))
    assert [row.get("truncated", False) for row in answer["data"]] == [False, False, True, False]


def test_as_many_queries_as_documents_are_pairs(ask, reranker):
    queries, documents = ["hello", "no", "hello"], ["world", "yes", "no"]
    answer = ask("/score", text_1=queries, text_2=documents, use_activation=False).json()
    expected = [reranker.logits(query, [document])[0] for query, document in zip(queries, documents, strict=True)]
    assert np.allclose([row["score"] for row in answer["data"]], expected, atol=1e-4)


def test_two_texts_are_one_pair(ask, reranker):
    (row,) = ask("/score", text_1="hello", text_2="world").json()["data"]
    assert row["score"] == pytest.approx(reranker.score("hello", ["world"])[0], abs=1e-5)


def test_usage_counts_whole_prompts(ask, reranker):
    usage = ask("/score", text_1=QUERY, text_2=DOCUMENTS).json()["usage"]
    assert usage["prompt_tokens"] == sum(reranker.judge(QUERY, DOCUMENTS).num_tokens)


def test_tokens_of_a_prompt(ask):
    answer = ask("/tokenize", prompt="hello world", return_token_strs=True).json()
    assert answer["token_strs"][0] == "hello" and answer["token_strs"][-1] == "<|endoftext|>"
    assert answer["count"] == len(answer["tokens"]) and answer["max_model_len"] == 512
    assert ask("/detokenize", tokens=answer["tokens"]).json() == {"prompt": "hello world"}
    bare = ask("/tokenize", prompt="hello world", add_special_tokens=False).json()
    assert bare["tokens"] == answer["tokens"][:-1] and bare["token_strs"] is None


def test_the_version_is_told(server):
    assert httpx.get(f"{server.url}/version").json() == {"version": server.app.version}


@pytest.mark.parametrize(
    ("path", "fields", "status", "told"),
    [
        ("/score", {"text_1": ["a", "b"], "text_2": ["c"]}, 400, "text_1"),
        ("/score", {"text_1": "a"}, 400, "text_2"),
        ("/score", {"text_1": "a", "text_2": []}, 400, "text_2"),
        ("/score", {"text_1": "a", "text_2": {"content": [{"type": "image_url"}]}}, 400, "text_2"),
        ("/score", {"text_1": "a", "text_2": "b", "truncate_prompt_tokens": 10}, 400, "truncate_prompt_tokens"),
        ("/score", {"text_1": "a", "text_2": "b", "model": "nobody"}, 404, "nobody"),
        ("/rerank", {"documents": ["a"]}, 400, "query"),
        ("/rerank", {"query": "a", "documents": ["b"], "model": "nobody"}, 404, "nobody"),
        ("/tokenize", {"messages": [{"role": "user", "content": "a"}]}, 400, "prompt"),
        ("/detokenize", {"tokens": [-1]}, 400, "-1"),
    ],
)
def test_what_cannot_be_is_refused_in_vllms_words(ask, path, fields, status, told):
    answer = ask(path, **fields)
    error = answer.json()["error"]
    assert answer.status_code == status == error["code"], answer.text
    assert told in error["message"]
