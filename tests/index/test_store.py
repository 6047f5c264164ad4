"""The store against brute force and against a literal BM25; atomic replacement; filters that nothing can escape."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from embedrank.core.errors import InvalidInputError, StorageError
from embedrank.core.protocols import ChunkReader, LexicalIndex, VectorStore
from embedrank.core.types import Chunk, FloatArray
from embedrank.index.analysis import query_terms, terms
from embedrank.index.store import LanceStore
from embedrank.index.store.config import LanceConfig

DIM, K1, B = 48, 1.2, 0.75
WORDS = [
    "red",
    "green",
    "blue",
    "lake",
    "river",
    "stone",
    "bird",
    "fish",
    "tree",
    "cloud",
    "night",
    "winter",
    "summer",
    "road",
    "bridge",
]


def chunks(count: int, *, seed: int = 0) -> list[Chunk]:
    rng = np.random.default_rng(seed)
    made = []
    for number in range(count):
        words = rng.choice(WORDS, size=int(rng.integers(3, 30)), p=_zipf())
        made.append(
            Chunk(
                id=f"d{number}#0",
                document_id=f"d{number}",
                ordinal=0,
                text=" ".join(words),
                path=f"/data/{'even' if number % 2 == 0 else 'odd'}/{number}.txt",
                metadata={"colour": 'it\'s "red"' if number % 3 == 0 else "blue", "number": number},
            )
        )
    return made


def _zipf() -> FloatArray:
    weights = 1 / np.arange(1, len(WORDS) + 1)
    return weights / weights.sum()


def vectors(count: int, *, seed: int = 1) -> FloatArray:
    raw = np.random.default_rng(seed).normal(size=(count, DIM)).astype(np.float32)
    return raw / np.linalg.norm(raw, axis=1, keepdims=True)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> LanceStore:
    store = LanceStore.create(tmp_path_factory.mktemp("store"), DIM)
    for start in range(0, 300, 100):  # several fragments
        store.upsert(chunks(300)[start : start + 100], vectors(300)[start : start + 100])
    store.flush()
    return store


def brute_force(matrix: FloatArray, query: FloatArray, top: int) -> list[str]:
    return [f"d{index}#0" for index in np.argsort(-(matrix @ query), kind="stable")[:top]]


def literal_bm25(query: str) -> dict[str, float]:
    documents = [Counter(terms(chunk.embedding_text)) for chunk in chunks(300)]
    mean_length = sum(document.total() for document in documents) / len(documents)
    scores: dict[str, float] = {}
    for term in query_terms(query):
        holding = sum(term in document for document in documents)
        idf = math.log(1 + (len(documents) - holding + 0.5) / (holding + 0.5))
        for number, document in enumerate(documents):
            if frequency := document[term]:
                norm = K1 * (1 - B + B * document.total() / mean_length)
                gain = idf * frequency * (K1 + 1) / (frequency + norm)
                scores[f"d{number}#0"] = scores.get(f"d{number}#0", 0.0) + gain
    return scores


def test_the_store_keeps_all_three_promises(filled: LanceStore) -> None:
    assert isinstance(filled, VectorStore)
    assert isinstance(filled, LexicalIndex)
    assert isinstance(filled, ChunkReader)


def test_exact_search_equals_brute_force_at_every_dim(filled: LanceStore) -> None:
    matrix = vectors(300)
    for query in vectors(5, seed=9):
        assert [hit.id for hit in filled.search(query, top=10)] == brute_force(matrix, query, 10)
        short = matrix[:, :16] / np.linalg.norm(matrix[:, :16], axis=1, keepdims=True)
        assert [hit.id for hit in filled.search(query[:16], top=10, dim=16)] == brute_force(short, query[:16], 10)


def test_approximate_search_finds_nearly_all_neighbours(tmp_path: Path) -> None:
    count = 3000
    matrix = vectors(count)
    store = LanceStore.create(tmp_path / "s", DIM, config=LanceConfig(exact_limit=500))
    store.upsert(chunks(count), matrix)
    store.flush()
    queries = matrix[:20] + 0.05 * vectors(20, seed=5)
    queries /= np.linalg.norm(queries, axis=1, keepdims=True)
    found = [len({hit.id for hit in store.search(q, top=10)} & set(brute_force(matrix, q, 10))) for q in queries]
    assert np.mean(found) > 8


@pytest.mark.parametrize("query", ["river", "stone bird", "winter winter bridge", "red green blue lake fish cloud"])
def test_lexical_scores_are_those_of_bm25_written_out(filled: LanceStore, query: str) -> None:
    expected = literal_bm25(query)
    hits = filled.search_text(query, top=20)
    assert len(hits) == min(20, len(expected))
    best = sorted(expected.values(), reverse=True)[: len(hits)]
    ratio = hits[0].score / best[0]
    assert np.allclose([hit.score / ratio for hit in hits], best, rtol=2e-2)
    assert np.allclose([hit.score / ratio for hit in hits], [expected[hit.id] for hit in hits], rtol=2e-2)


def test_rows_written_after_the_last_flush_are_found_by_words_and_by_vector(tmp_path: Path) -> None:
    store = LanceStore.create(tmp_path / "s", DIM)
    store.upsert(chunks(20), vectors(20))
    store.flush()
    new = Chunk(id="new#0", document_id="new", ordinal=0, text="zeppelin")
    store.upsert([new], vectors(1, seed=7))
    assert [hit.id for hit in store.search_text("zeppelin", top=3)] == ["new#0"]
    assert store.search(vectors(1, seed=7)[0], top=1)[0].id == "new#0"


@pytest.mark.parametrize("query", ['"', "a AND (b", "river^2 OR *", "tin:", "'; drop table chunks; --", "~!@#"])
def test_query_syntax_is_plain_text(filled: LanceStore, query: str) -> None:
    assert isinstance(filled.search_text(query, top=5), list)


def test_no_terms_find_nothing(filled: LanceStore) -> None:
    assert filled.search_text("...", top=5) == []
    assert filled.search_text("zzzunknown", top=5) == []


def test_filters_hold_in_both_lists_and_cannot_be_escaped(filled: LanceStore) -> None:
    quoted = {"colour": 'it\'s "red"'}
    query = vectors(1, seed=3)[0]
    for hits in (filled.search(query, top=300, where=quoted), filled.search_text("red", top=300, where=quoted)):
        numbers = [int(hit.id[1:-2]) for hit in hits]
        assert numbers
        assert all(number % 3 == 0 for number in numbers)
    assert len(filled.search(query, top=300, where=quoted)) == 100
    assert filled.search(query, top=300, where={"colour": "x' OR 1=1 --"}) == []
    assert len(filled.search(query, top=300, where={"path": "/data/odd/"})) == 150
    assert [hit.id for hit in filled.search(query, top=5, where={"document_id": "d7"})] == ["d7#0"]


def test_a_document_is_replaced_whole_when_it_shrinks(tmp_path: Path) -> None:
    store = LanceStore.create(tmp_path / "s", DIM)
    long = [Chunk(id=f"a#{n}", document_id="a", ordinal=n, text=f"part {n}") for n in range(5)]
    store.upsert([*long, Chunk(id="b#0", document_id="b", ordinal=0, text="other")], vectors(6))
    store.upsert(long[:2], vectors(2))
    assert sorted(store.ids()) == ["a#0", "a#1", "b#0"]
    assert store.delete(["a", "unknown"]) == 2
    assert store.count() == 1


def test_chunks_come_back_as_they_went_in_and_in_the_order_asked(filled: LanceStore) -> None:
    wanted = [chunks(300)[number] for number in (7, 3, 299)]
    assert filled.get([wanted[0].id, "gone#0", wanted[1].id, wanted[2].id]) == wanted


def test_a_reader_that_was_open_before_sees_what_is_written_after(tmp_path: Path) -> None:
    writer = LanceStore.create(tmp_path / "s", DIM)
    writer.upsert(chunks(3), vectors(3))
    reader = LanceStore.open(tmp_path / "s")
    assert reader.count() == 3
    writer.upsert(chunks(9), vectors(9))
    assert reader.count() in (3, 9)
    assert LanceStore.open(tmp_path / "s").count() == 9


def test_wrong_shapes_and_places_are_refused(filled: LanceStore, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError):
        filled.upsert(chunks(2), vectors(3))
    with pytest.raises(InvalidInputError):
        filled.search(vectors(1)[0], top=0)
    with pytest.raises(InvalidInputError):
        LanceStore.create(tmp_path / "s", 0)
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(StorageError):
        LanceStore.create(tmp_path / "file" / "below", DIM)


def test_many_small_writes_are_compacted_on_the_way(tmp_path: Path) -> None:
    store = LanceStore.create(tmp_path, DIM, config=LanceConfig(writes_per_upkeep=5))
    fragments = []
    for place, chunk in enumerate(chunks(12)):
        store.upsert([chunk], vectors(12)[place : place + 1])
        fragments.append(store._table.stats()["fragment_stats"]["num_fragments"])
    assert max(fragments) < 7 and fragments[4] == 1
    assert store.count() == 12
