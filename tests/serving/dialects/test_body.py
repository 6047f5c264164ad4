"""A field that is null is as one that is absent, in every dialect."""

import pytest

REQUESTS = [
    ("/v1/embeddings", {"input": "no"}, ("encoding_format", "dimensions", "user", "task", "truncate", "input_type")),
    ("/v1/rerank", {"query": "a", "documents": ["b"]}, ("top_n", "max_tokens_per_doc", "rank_fields", "truncate")),
    ("/v2/rerank", {"query": "a", "documents": ["b"]}, ("top_n", "max_tokens_per_doc", "return_documents")),
    ("/v1/embed", {"texts": ["a"]}, ("truncate", "input_type", "embedding_types", "model", "images")),
    ("/v2/embed", {"texts": ["a"]}, ("truncate", "max_tokens", "output_dimension", "inputs")),
    ("/embed", {"inputs": "a"}, ("truncate", "normalize", "prompt_name", "dimensions", "truncation_direction")),
    ("/rerank", {"query": "a", "texts": ["b"]}, ("raw_scores", "return_text", "truncate", "truncation_direction")),
    ("/rerank", {"query": "a", "documents": ["b"]}, ("top_n", "texts", "model")),
    ("/score", {"text_1": "a", "text_2": "b"}, ("truncate_prompt_tokens", "use_activation", "truncation_side")),
    ("/tokenize", {"inputs": "a"}, ("add_special_tokens", "prompt_name")),
    ("/tokenize", {"prompt": "a"}, ("add_special_tokens", "return_token_strs", "model")),
]


@pytest.mark.parametrize(
    ("path", "body", "fields"), REQUESTS, ids=lambda value: value if isinstance(value, str) else ""
)
def test_nulls_change_nothing(ask, path, body, fields):
    without, spelled_out = ask(path, **body), ask(path, **body, **dict.fromkeys(fields))
    assert without.status_code == spelled_out.status_code == 200, spelled_out.text
    answers = [answer.json() for answer in (without, spelled_out)]
    for answer in answers:
        if isinstance(answer, dict):
            answer.pop("id", None), answer.pop("created", None)
    assert answers[0] == answers[1]
