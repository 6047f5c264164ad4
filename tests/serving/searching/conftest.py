"""An app over an index of a few documents, with pico models: called in this process."""

import asyncio

import pytest

TEXTS = [
    {"id": "bear", "text": "The brown bear catches salmon in the river.", "metadata": {"lang": "en", "year": 2020}},
    {"id": "a/fox.md", "text": "A brown fox sleeps.", "path": "a/fox.md", "metadata": {"lang": "en"}},
    {"id": "zug", "text": "Der Zug fährt nach Bern 🚆.", "title": "Bahn", "metadata": {"lang": "de"}},
]


@pytest.fixture
def folder(tmp_path):
    """Where the index is."""
    return tmp_path / "i"


@pytest.fixture
def searched(call, folder):
    """Runs a coroutine function with a client of an app whose index holds `TEXTS`; keywords change settings."""

    def run(work, *, texts=TEXTS, **changes):
        async def inside():
            async with call(index=str(folder), **changes) as client:
                if texts:
                    await ended(client, await client.post("/documents", json={"documents": texts}))
                return await work(client)

        return asyncio.run(inside())

    return run


async def ended(client, response):
    """The job of an answer, once it has ended."""
    assert response.status_code in (200, 202), response.text
    job = response.json()
    while job["state"] not in ("done", "failed", "stopped"):
        await asyncio.sleep(0.01)
        job = (await client.get(f"/jobs/{job['id']}")).json()
    return job


@pytest.fixture
def upload():
    """Posts files by name and content, and waits for the job."""

    async def post(client, files):
        parts = [("files", (name, content)) for name, content in files]
        return await ended(client, await client.post("/documents/files", files=parts))

    return post
