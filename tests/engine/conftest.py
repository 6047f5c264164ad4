"""An engine with models that wait where they are told."""

import pytest

from embedrank.engine.embedder import BatchedEmbedder
from embedrank.engine.engine import Engine
from embedrank.engine.reranker import BatchedReranker
from tests.engine.fakes import FakeEmbedder, FakeReranker


@pytest.fixture
def engine():
    made = Engine()
    yield made
    made.close(drain=False)


@pytest.fixture
def model():
    made = FakeEmbedder()
    yield made
    made.gate.open()


@pytest.fixture
def judge():
    made = FakeReranker()
    yield made
    made.gate.open()


@pytest.fixture
def embedder(engine, model):
    yield BatchedEmbedder(model, engine)
    model.gate.open()  # before the engine closes and waits for its batch


@pytest.fixture
def reranker(engine, judge):
    yield BatchedReranker(judge, engine)
    judge.gate.open()
