"""Clients that send token ids of OpenAI's vocabulary: read where it is known that they are, refused where it is not.

The vocabulary here is a small one of tiktoken's make, in place of `cl100k_base`, which would have to be downloaded.
"""

import numpy as np
import openai
import pytest

from tests.serving.clients.packages import required

tiktoken = required("tiktoken")
TEXTS = ["hello world", "no, yes"]


@pytest.fixture(autouse=True)
def vocabulary(monkeypatch):
    """Bytes in their own order, which is not that of the pico models."""
    encoding = tiktoken.Encoding(
        "cl100k_base",
        pat_str=r"\s?\w+|\W",
        mergeable_ranks={bytes([byte]): byte for byte in range(256)},
        special_tokens={"<|endoftext|>": 256},
    )
    monkeypatch.setattr("tiktoken.get_encoding", lambda name: encoding)
    return encoding


@pytest.fixture
def told(serving):
    """A server that is told whose token ids it gets."""
    return serving(token_ids="cl100k_base")


def test_ids_are_read_where_the_server_is_told_whose_they_are(told, embedder, vocabulary):
    with openai.OpenAI(base_url=f"{told.url}/v1", api_key="none") as client:
        answer = client.embeddings.create(model="pico", input=[vocabulary.encode(text) for text in TEXTS])
    found = np.array([row.embedding for row in answer.data])
    assert np.allclose(found, embedder.encode_documents(TEXTS), atol=1e-5)


def test_ids_are_read_where_they_can_be_of_no_other_vocabulary_and_else_refused(server, embedder, vocabulary):
    with openai.OpenAI(base_url=f"{server.url}/v1", api_key="none") as client:
        clear = client.embeddings.create(model="pico", input=vocabulary.encode("hello"))
        with pytest.raises(openai.BadRequestError, match="check_embedding_ctx_length"):
            client.embeddings.create(model="pico", input=vocabulary.encode("HI"))  # the model's own for "ij"
    assert np.allclose(clear.data[0].embedding, embedder.encode_documents(["hello"])[0], atol=1e-5)


@pytest.mark.filterwarnings("ignore")  # of other people's packages
def test_langchain_sends_ids_by_default_and_gets_the_vectors_of_its_texts(told, embedder):
    embeddings = required("langchain_openai").OpenAIEmbeddings(model="pico", base_url=f"{told.url}/v1", api_key="none")
    assert np.allclose(embeddings.embed_documents(TEXTS), embedder.encode_documents(TEXTS), atol=1e-5)
