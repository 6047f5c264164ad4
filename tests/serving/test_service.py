"""The service answers every text with its own vector, whatever stands beside it."""

import asyncio

import numpy as np
import pytest


def run(coroutine):
    return asyncio.run(coroutine)


def test_a_text_gets_its_own_vector_over_http(call):
    async def ask():
        async with call() as client:
            alone = (await client.post("/v1/embeddings", json={"input": "hello"})).json()
            both = (await client.post("/v1/embeddings", json={"input": ["no", "hello"]})).json()
            return alone, both

    alone, both = run(ask())
    assert np.allclose(alone["data"][0]["embedding"], both["data"][1]["embedding"], atol=1e-5)
    assert [row["index"] for row in both["data"]] == [0, 1]


def test_a_live_server_answers(serving):
    import httpx

    live = serving()
    assert httpx.get(f"{live.url}/health").json() == {"status": "ok"}
    assert httpx.post(f"{live.url}/v1/embeddings", json={"input": "hello"}).status_code == 200


@pytest.mark.parametrize("policy", ["left", "right"])
def test_each_text_tells_whether_it_was_cut(call, policy):
    async def ask():
        async with call() as client:
            service = client.app.state.service
            return await service.embed(["w" * 2000, "hello"], side="document", model="alias", truncate=policy)

    embedded = run(ask())
    assert embedded.truncated == [True, False]
    assert embedded.num_tokens == [512, 2]
