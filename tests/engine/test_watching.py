"""A caller sees when its own texts were tokenised and computed, and nobody else's."""

import time

from embedrank.engine.embedder import BatchedEmbedder
from embedrank.engine.watching import watching
from tests.engine.fakes import PATIENCE_S, FakeEmbedder


def test_stages_follow_one_another_within_the_request(engine):
    embedder = BatchedEmbedder(FakeEmbedder(), engine)
    seen, other = [], []
    start = time.perf_counter()
    with watching(lambda *stage: seen.append(stage)):
        future = embedder.submit_documents(["one", "two"])
    with watching(lambda *stage: other.append(stage)):
        embedder.submit_documents(["three"]).result(PATIENCE_S)
    future.result(PATIENCE_S)
    end = time.perf_counter()
    assert seen[0][0] == "tokenise" and {stage for stage, _, _ in seen} == {
        "tokenise",
        "compute",
    }
    assert start <= seen[0][1] <= seen[0][2] <= seen[-1][1] <= seen[-1][2] <= end
    assert {stage for stage, _, _ in other} == {"tokenise", "compute"}


def test_what_the_cache_answers_is_not_computed(engine):
    embedder = BatchedEmbedder(FakeEmbedder(), engine)
    embedder.submit_documents(["kept"]).result(PATIENCE_S)
    seen = []
    with watching(lambda *stage: seen.append(stage)):
        embedder.submit_documents(["kept"]).result(PATIENCE_S)
    assert seen == []


def test_nobody_watches_after_the_block(engine):
    embedder, seen = BatchedEmbedder(FakeEmbedder(), engine), []
    with watching(lambda *stage: seen.append(stage)):
        pass
    embedder.submit_documents(["text"]).result(PATIENCE_S)
    assert seen == []
