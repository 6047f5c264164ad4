"""One pico server for all dialects, and the same models called directly."""

import httpx
import pytest

import embedrank
from embedrank.model.embedder import Embedder
from embedrank.model.reranker import Reranker
from embedrank.serving.app import create_app
from tests.serving.live import Live

QUERY = "hello?"
DOCUMENTS = ["no", "hello world", "world " * 200, "yes hello"]


@pytest.fixture(scope="session")
def server(model_settings):
    live = Live(create_app(model_settings(port=0), version=embedrank.__version__)).start()
    yield live
    live.stop()


@pytest.fixture(scope="session")
def ask(server):
    """Sends a body to a path; keywords are its fields."""
    with httpx.Client(base_url=server.url, timeout=30) as client:

        def send(path, **body):
            return client.post(path, json=body)

        yield send


@pytest.fixture(scope="session")
def embedder(embedder_folder):
    return Embedder.load(str(embedder_folder), dtype="fp32", native="off", plain_text=True)


@pytest.fixture(scope="session")
def reranker(reranker_folder):
    return Reranker.load(str(reranker_folder), dtype="fp32", native="off", max_length=400, plain_text=True)
