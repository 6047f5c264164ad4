"""The `openai` package against a live server."""

import asyncio

import numpy as np
import openai
import pytest


@pytest.fixture
def client(server):
    with openai.OpenAI(base_url=f"{server.url}/v1", api_key="none", max_retries=0) as made:
        yield made


def vectors_of(answer):
    return np.array([row.embedding for row in answer.data])


def test_vectors_travel_as_base64_and_as_numbers(client, embedder):
    texts = ["hello", "no", "梵文"]
    expected = embedder.encode_documents(texts)
    assert np.allclose(vectors_of(client.embeddings.create(model="pico", input=texts)), expected, atol=1e-5)
    plain = client.embeddings.create(model="pico", input=texts, encoding_format="float")
    assert np.allclose(vectors_of(plain), expected, atol=1e-5)


def test_queries_and_fewer_dimensions(client, embedder):
    answer = client.embeddings.create(
        model="pico", input="hello", dimensions=32, extra_body={"instruction": "Judge"}, user="somebody"
    )
    assert np.allclose(vectors_of(answer), embedder.encode_queries(["hello"], instruction="Judge", dim=32), atol=1e-5)
    assert answer.usage.prompt_tokens == answer.usage.total_tokens > 1


def test_token_ids_of_the_model_are_read(client, embedder):
    ids = embedder.tokenizer.encode(["hello world"])[0]
    answer = client.embeddings.create(model="pico", input=[ids], extra_body={"token_vocabulary": "model"})
    assert np.allclose(vectors_of(answer), embedder.encode_documents(["hello world"]), atol=1e-5)


def test_models_are_listed(client):
    assert [model.id for model in client.models.list()] == ["pico"]
    assert client.models.retrieve("alias").id == "pico"


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"model": "nobody", "input": "no"}, openai.NotFoundError),
        ({"model": "pico", "input": []}, openai.BadRequestError),
        ({"model": "pico", "input": "no", "dimensions": 4096}, openai.BadRequestError),
        ({"model": "pico", "input": ["no"] * 10_001}, openai.APIStatusError),
    ],
)
def test_trouble_comes_as_the_clients_own_errors(client, fields, error):
    with pytest.raises(error) as caught:
        client.embeddings.create(**fields)
    assert caught.value.body["message"]


def test_many_at_once_each_get_their_own(server, embedder):
    texts = [f"text {place}" for place in range(64)]

    async def ask():
        async with openai.AsyncOpenAI(base_url=f"{server.url}/v1", api_key="none") as client:
            return await asyncio.gather(*(client.embeddings.create(model="pico", input=text) for text in texts))

    found = np.concatenate([vectors_of(answer) for answer in asyncio.run(ask())])
    assert np.allclose(found, embedder.encode_documents(texts), atol=1e-5)
