"""The API of Text Embeddings Inference."""

import numpy as np
import pytest

from tests.serving.dialects.conftest import DOCUMENTS, QUERY

TEXTS = ["hello world", "no", "w" * 3000]


def test_embed_gives_a_bare_list_also_for_one_text(ask, embedder):
    expected = embedder.encode_documents(TEXTS)
    assert np.allclose(ask("/embed", inputs=TEXTS).json(), expected, atol=1e-5)
    assert np.allclose(ask("/embed", inputs=TEXTS[0]).json(), expected[:1], atol=1e-5)


def test_prompts_go_by_name(ask, embedder):
    got = ask("/embed", inputs=TEXTS[:2], prompt_name="query").json()
    assert np.allclose(got, embedder.encode_queries(TEXTS[:2]), atol=1e-5)


def test_an_instruction_makes_queries_of_texts(ask, embedder):
    got = ask("/embed", inputs=TEXTS[:2], instruction="Judge").json()
    assert np.allclose(got, embedder.encode_queries(TEXTS[:2], instruction="Judge"), atol=1e-5)


def test_dimensions_are_the_front_of_the_vector_at_unit_length(ask, embedder):
    got = ask("/embed", inputs=TEXTS[:2], dimensions=32).json()
    assert np.allclose(got, embedder.encode_documents(TEXTS[:2], dim=32), atol=1e-5)


def test_vectors_have_unit_length_even_if_that_is_not_asked_for(ask):
    got = np.array(ask("/embed", inputs=TEXTS[:2], normalize=False).json())
    assert np.allclose((got**2).sum(axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("direction", ["right", "Right", "left", "Left"])
def test_both_directions_of_truncation_in_both_spellings(ask, embedder, direction):
    text = "hello" + "w" * 3000
    answer = ask("/embed", inputs=[text, "no"], truncate=True, truncation_direction=direction)
    kept = text if direction.lower() == "right" else "w" * 511
    assert np.allclose(answer.json(), embedder.encode_documents([kept, "no"]), atol=1e-5)
    assert answer.headers["x-truncated"] == "0"


def test_what_is_too_long_is_refused_where_it_must_not_be_cut(ask):
    answer = ask("/embed", inputs=TEXTS, truncate=False)
    assert answer.status_code == 413
    assert answer.json()["error_type"] == "Validation"
    assert "input[2]" in answer.json()["error"]


def test_ranks_are_those_of_the_reranker_with_its_template(ask, reranker):
    answer = ask("/rerank", query=QUERY, texts=DOCUMENTS, return_text=True)
    order = np.argsort(-reranker.logits(QUERY, DOCUMENTS)).tolist()
    ranks = answer.json()
    assert [rank["index"] for rank in ranks] == order
    assert [rank["text"] for rank in ranks] == [DOCUMENTS[place] for place in order]
    assert np.allclose([rank["score"] for rank in ranks], reranker.score(QUERY, DOCUMENTS)[order], atol=1e-5)
    assert answer.headers["x-truncated"] == "2"


def test_raw_scores_are_logits(ask, reranker):
    ranks = ask("/rerank", query=QUERY, texts=DOCUMENTS, raw_scores=True).json()
    expected = reranker.logits(QUERY, DOCUMENTS)
    assert np.allclose([rank["score"] for rank in ranks], [expected[rank["index"]] for rank in ranks], atol=1e-4)
    assert "text" not in ranks[0]


def test_pairs_are_judged_each_against_its_own_query(ask, reranker):
    pairs = [["hello", "world"], ["no", "yes"], ["hello", "no"]]
    answer = ask("/predict", inputs=pairs).json()
    expected = [reranker.score(query, [document])[0] for query, document in pairs]
    assert np.allclose([prediction[0]["score"] for prediction in answer], expected, atol=1e-5)
    assert answer[0][0]["label"] == "LABEL_0"


def test_one_pair_gets_one_prediction(ask, reranker):
    (prediction,) = ask("/predict", inputs=["hello", "world"], raw_scores=True).json()
    assert prediction["score"] == pytest.approx(reranker.logits("hello", ["world"])[0], abs=1e-4)


def test_similarities_are_cosines(ask, embedder):
    inputs = {"source_sentence": "hello", "sentences": ["hello", "no"]}
    vectors = embedder.encode_documents(["hello", "hello", "no"])
    for parameters in ({}, {"parameters": None}, {"parameters": {"truncate": True}}):
        got = ask("/similarity", inputs=inputs, **parameters).json()
        assert np.allclose(got, vectors[1:] @ vectors[0], atol=1e-5)


def test_tokens_have_their_place_and_the_end_token_none(ask):
    (tokens,) = ask("/tokenize", inputs="hello world").json()
    assert [token["text"] for token in tokens][-1] == "<|endoftext|>"
    assert tokens[0] == {"id": tokens[0]["id"], "text": "hello", "special": False, "start": 0, "stop": 5}
    assert (tokens[-1]["special"], tokens[-1]["start"], tokens[-1]["stop"]) == (True, None, None)
    (bare,) = ask("/tokenize", inputs=["hello world"], add_special_tokens=False).json()
    assert bare == tokens[:-1]


def test_special_tokens_in_a_text_are_read_as_text(ask):
    (tokens,) = ask("/tokenize", inputs="<|im_end|>", add_special_tokens=False).json()
    assert len(tokens) > 1 and not any(token["special"] for token in tokens)


def test_decode_undoes_tokenize(ask):
    texts = ["hello world", "梵文", ""]
    lists = [[token["id"] for token in tokens] for tokens in ask("/tokenize", inputs=texts).json()]
    assert ask("/decode", ids=lists).json() == texts
    assert ask("/decode", ids=lists[0]).json() == texts[:1]


def test_info_names_the_models_and_bounds(server, ask):
    import httpx

    info = httpx.get(f"{server.url}/info").json()
    assert info["model_id"] == "pico" and info["max_input_length"] == 512
    assert info["model_type"] == {"embedding": {"pooling": "last_token"}}
    assert {model["kind"] for model in info["models"]} == {"embedder", "reranker"}
    assert info["auto_truncate"] is True


@pytest.mark.parametrize(
    ("path", "fields", "status", "kind"),
    [
        ("/embed", {}, 422, "Validation"),
        ("/embed", {"inputs": 3}, 422, "Validation"),
        ("/embed", {"inputs": []}, 413, "Validation"),
        ("/embed", {"inputs": "no", "prompt_name": "code"}, 413, "Validation"),
        ("/embed", {"inputs": "no", "model": "nobody"}, 424, "Backend"),
        ("/embed", {"inputs": "no", "dimensions": 4096}, 413, "Validation"),
        ("/embed", {"inputs": "no", "truncation_direction": "up"}, 422, "Validation"),
        ("/embed_all", {"inputs": "no"}, 424, "Backend"),
        ("/embed_sparse", {"inputs": "no"}, 424, "Backend"),
        ("/rerank", {"query": "", "texts": ["no"]}, 413, "Validation"),
        ("/rerank", {"query": "no"}, 422, "Validation"),
        ("/predict", {"inputs": "alone"}, 422, "Validation"),
        ("/predict", {"inputs": [["a", "b", "c"]]}, 422, "Validation"),
        ("/similarity", {"inputs": {"source_sentence": "no", "sentences": []}}, 422, "Validation"),
        ("/tokenize", {"inputs": "no", "prompt_name": "query"}, 413, "Validation"),
        ("/decode", {"ids": [4_000_000]}, 413, "Validation"),
        ("/decode", {"ids": [1], "skip_special_tokens": False}, 413, "Validation"),
    ],
)
def test_what_cannot_be_is_refused_in_teis_words(ask, path, fields, status, kind):
    answer = ask(path, **fields)
    assert answer.status_code == status, answer.text
    assert answer.json()["error_type"] == kind
    assert answer.json()["error"]
