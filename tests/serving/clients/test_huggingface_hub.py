"""`huggingface_hub.InferenceClient` against a live server: by paths of TEI's API, and by the root."""

import numpy as np
import pytest
from huggingface_hub import InferenceClient

TEXTS = ["hello world", "no"]


@pytest.fixture(autouse=True)
def online(monkeypatch):
    # The tests' own safeguard against hubs forbids this client every URL, a server on loopback too.
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)


@pytest.mark.parametrize("path", ["", "/embed"])
def test_features_are_vectors(server, embedder, path):
    client = InferenceClient(model=server.url + path, token="none")
    assert np.allclose(client.feature_extraction(TEXTS), embedder.encode_documents(TEXTS), atol=1e-5)
    queries = client.feature_extraction(TEXTS, prompt_name="query", normalize=True, truncate=True)
    assert np.allclose(queries, embedder.encode_queries(TEXTS), atol=1e-5)
    short = client.feature_extraction("no", dimensions=32, truncation_direction="left", truncate=True)
    assert np.allclose(short, embedder.encode_documents(["no"], dim=32), atol=1e-5)


@pytest.mark.parametrize("path", ["", "/similarity"])
def test_similarities_are_cosines(server, embedder, path):
    found = InferenceClient(model=server.url + path, token="none").sentence_similarity("hello", TEXTS)
    vectors = embedder.encode_documents(["hello", *TEXTS])
    assert np.allclose(found, vectors[1:] @ vectors[0], atol=1e-5)


def test_trouble_is_told_in_the_servers_words(server):
    from huggingface_hub.errors import HfHubHTTPError

    client = InferenceClient(model=server.url, token="none")
    with pytest.raises(HfHubHTTPError) as caught:
        client.feature_extraction("no", prompt_name="nothing")
    assert caught.value.response.status_code == 413
    assert "prompt_name" in caught.value.response.json()["error"]
