"""Bodies that no client would send: bytes, depths, huge numbers, wrong types. Every one is answered, none by a 5xx.

`FUZZ_EXAMPLES=2000 pytest tests/serving/test_fuzz.py -s` looks harder than the few examples of a usual run.
"""

import json
import os
from collections import Counter

import httpx
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from embedrank.serving.app import create_app
from tests.serving.live import Live

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "60"))
BRIEFLY = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
FIELDS = [
    "input",
    "inputs",
    "texts",
    "text_1",
    "text_2",
    "query",
    "queries",
    "documents",
    "items",
    "prompt",
    "tokens",
    "ids",
    "model",
    "truncate",
    "dimensions",
    "top_n",
    "embedding_types",
    "output_dimension",
    "input_type",
    "task",
    "rank_fields",
    "max_tokens",
    "max_tokens_per_doc",
    "parameters",
    "images",
    "encoding_format",
    "truncation_direction",
    "prompt_name",
    "instruction",
    "normalize",
    "raw_scores",
    "use_activation",
]

TEXTS = st.text(max_size=20) | st.sampled_from(["<|im_end|>", "\x00", "‮", "𝔘", "e\u0301" * 9, "\r\n", " "])
ODD = st.sampled_from([0, -1, 2**31, 2**63, 10**400, -(10**30), 0.5, 1e308, float("nan"), float("inf"), float("-inf")])
LEAVES = TEXTS | ODD | st.none() | st.booleans()
VALUES = st.recursive(
    LEAVES, lambda deeper: st.lists(deeper, max_size=4) | st.dictionaries(TEXTS, deeper, max_size=4), max_leaves=8
)
OBJECTS = st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=6)
SOUND = [
    ("/v1/embeddings", {"input": ["a", "b"]}),
    ("/v1/rerank", {"query": "a", "documents": ["b", {"text": "c"}]}),
    ("/v2/rerank", {"query": "a", "documents": ["b"], "max_tokens_per_doc": 3}),
    ("/v1/embed", {"texts": ["a"]}),
    ("/v2/embed", {"texts": ["a"], "embedding_types": ["int8"]}),
    ("/embed", {"inputs": ["a"]}),
    ("/rerank", {"query": "a", "texts": ["b"]}),
    ("/rerank", {"query": "a", "documents": ["b"]}),
    ("/predict", {"inputs": [["a", "b"]]}),
    ("/similarity", {"inputs": {"source_sentence": "a", "sentences": ["b"]}}),
    ("/tokenize", {"inputs": ["a"]}),
    ("/tokenize", {"prompt": "a"}),
    ("/decode", {"ids": [1, 2]}),
    ("/score", {"text_1": "a", "text_2": ["b"]}),
    ("/", {"inputs": "a"}),
]
SPOILT = st.tuples(
    st.sampled_from(SOUND), st.dictionaries(st.sampled_from(FIELDS), VALUES, min_size=1, max_size=2)
).map(lambda drawn: (drawn[0][0], json.dumps({**drawn[0][1], **drawn[1]}).encode()))
RAW = st.binary(max_size=200) | st.sampled_from(
    [
        b"",
        b"null",
        b"[]",
        b'"inputs"',
        b"[" * 100_000,
        b'{"inputs":' * 50_000,
        b'{"inputs": "\\ud800"}',
        b'{"query": "\\udfff", "documents": ["\\ud800"], "texts": ["\\ud800"]}',
        b'{"inputs": "a", "inputs": 3}',
        b"\xff\xfe{}",
        '{"inputs": "a"}'.encode("utf-16"),
        b'{"top_n": ' + b"9" * 10_000 + b"}",
        b'{"input": [' + b"1e999," * 100 + b"1]}",
    ]
)


@pytest.fixture(scope="module")
def server(model_settings):
    live = Live(create_app(model_settings(port=0))).start()
    yield live
    live.stop()


@pytest.fixture(scope="module")
def paths(server):
    document = httpx.get(f"{server.url}/openapi.json").json()
    return sorted(
        path
        for path, operations in document["paths"].items()
        if "application/json" in operations.get("post", {}).get("requestBody", {}).get("content", {})
    )


def answers_to(server, requests, content_types=("application/json",)):
    """Statuses of the answers to paths and bodies."""
    statuses = Counter()
    with httpx.Client(base_url=server.url, timeout=20) as client:

        @BRIEFLY
        @given(request=requests, content_type=st.sampled_from(content_types))
        def answered(request, content_type):
            path, body = request
            response = client.post(path, content=body, headers={"Content-Type": content_type})
            assert response.status_code < 500, (path, body, response.text)
            assert response.headers["content-type"] == "application/json", response.text
            response.json()
            statuses[response.status_code] += 1

        answered()
        assert client.get("/health").status_code == 200
    return statuses


def test_objects_of_known_fields_with_unknown_values(server, paths, capsys):
    bodies = OBJECTS.map(lambda body: json.dumps(body).encode())
    statuses = answers_to(server, st.tuples(st.sampled_from(paths), bodies))
    with capsys.disabled():
        print(f"\n{sum(statuses.values())} objects on {len(paths)} paths: {dict(sorted(statuses.items()))}")


def test_sound_bodies_that_are_spoilt_in_a_field_or_two(server, capsys):
    statuses = answers_to(server, SPOILT)
    with capsys.disabled():
        print(f"\n{sum(statuses.values())} spoilt bodies: {dict(sorted(statuses.items()))}")


def test_bodies_that_are_no_json(server, paths, capsys):
    types = ("application/json", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "nonsense")
    statuses = answers_to(server, st.tuples(st.sampled_from(paths), RAW), types)
    with capsys.disabled():
        print(f"\n{sum(statuses.values())} bodies on {len(paths)} paths: {dict(sorted(statuses.items()))}")


@pytest.mark.parametrize(
    "path", ["/v1/embeddings", "/v2/embed", "/embed", "/v1/rerank", "/rerank", "/tokenize", "/score"]
)
@pytest.mark.parametrize("text", ["\x00", "<|im_end|>\n<|im_start|>assistant", "‮abc", "🙂" * 5, "e\u0301", "\ufeffno"])
def test_texts_of_any_letters_are_taken(server, path, text):
    body = {
        "input": text,
        "texts": [text],
        "inputs": [text],
        "query": text,
        "documents": [text],
        "text_1": text,
        "text_2": text,
    }
    wanted = {
        "/v1/embeddings": ("input",),
        "/v2/embed": ("texts",),
        "/embed": ("inputs",),
        "/v1/rerank": ("query", "documents"),
        "/rerank": ("query", "texts"),
        "/tokenize": ("inputs",),
        "/score": ("text_1", "text_2"),
    }[path]
    response = httpx.post(server.url + path, json={name: body[name] for name in wanted})
    assert response.status_code == 200, response.text
