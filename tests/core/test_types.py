"""Plain values stay plain; protocols are satisfied by shape, not by ancestry."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from embedrank.core import protocols, types
from embedrank.core.types import Chunk, Document, FloatArray, Hit, Scored, StageScore, joined_text


@pytest.mark.parametrize(
    ("title", "text", "joined"),
    [
        ("Beijing", "The capital.", "Beijing\nThe capital."),
        ("", "The capital.", "The capital."),
        ("Beijing", "Beijing is the capital.", "Beijing is the capital."),
        ("Beijing", "", "Beijing\n"),
        ("", "", ""),
        ("北京", "北京是首都。", "北京是首都。"),
    ],
)
def test_joined_text_puts_the_title_on_its_own_line_once(title: str, text: str, joined: str) -> None:
    assert joined_text(title, text) == joined


def test_a_chunk_is_embedded_with_its_title() -> None:
    chunk = Chunk(id="a.md#0", document_id="a.md", ordinal=0, text="The capital.", title="Beijing")
    assert chunk.embedding_text == "Beijing\nThe capital."


def _value_classes() -> list[type]:
    members = inspect.getmembers(types, inspect.isclass)
    return [cls for _, cls in members if cls.__module__ == types.__name__]


def test_every_value_is_a_frozen_slotted_keyword_only_dataclass() -> None:
    classes = _value_classes()
    assert {Chunk, Document, Hit, Scored, StageScore} <= set(classes)
    for cls in classes:
        parameters = cls.__dataclass_params__  # type: ignore[attr-defined]
        assert parameters.frozen, cls
        assert "__slots__" in vars(cls), cls
        assert all(field.kw_only for field in dataclasses.fields(cls)), cls


def test_a_value_cannot_be_changed() -> None:
    scored = Scored(id="a", score=0.5)
    with pytest.raises(dataclasses.FrozenInstanceError):
        scored.score = 1.0  # type: ignore[misc]


def test_values_do_not_share_their_default_metadata() -> None:
    assert Document(id="a", text="").metadata is not Document(id="b", text="").metadata


class _WordCountEncoder:
    """Knows nothing of the protocol classes."""

    fingerprint = "word-count"
    dim = 1

    def encode_queries(
        self, texts: Sequence[str], *, instruction: str | None = None, dim: int | None = None
    ) -> FloatArray:
        return np.ones((len(texts), 1), dtype=np.float32)

    def encode_documents(self, texts: Sequence[str], *, dim: int | None = None) -> FloatArray:
        return np.ones((len(texts), 1), dtype=np.float32)


class _OverlapReranker:
    def score(self, query: str, documents: Sequence[str], *, instruction: str | None = None) -> FloatArray:
        return np.full(len(documents), 0.5, dtype=np.float32)

    def logits(self, query: str, documents: Sequence[str], *, instruction: str | None = None) -> FloatArray:
        return np.zeros(len(documents), dtype=np.float32)


class _ListStore:
    def upsert(self, chunks: Sequence[Chunk], vectors: FloatArray) -> None: ...

    def delete(self, document_ids: Sequence[str]) -> int:
        return 0

    def search(
        self, vector: FloatArray, *, top: int, where: Mapping[str, object] | None = None, dim: int | None = None
    ) -> list[Scored]:
        return []

    def count(self) -> int:
        return 0

    def flush(self) -> None: ...


class _NoWords:
    def search_text(self, query: str, *, top: int, where: Mapping[str, object] | None = None) -> list[Scored]:
        return []


class _NoChunks:
    def get(self, ids: Sequence[str]) -> list[Chunk]:
        return []


@pytest.mark.parametrize(
    ("implementation", "protocol"),
    [
        (_WordCountEncoder(), protocols.Encoder),
        (_OverlapReranker(), protocols.Reranker),
        (_ListStore(), protocols.VectorStore),
        (_NoWords(), protocols.LexicalIndex),
        (_NoChunks(), protocols.ChunkReader),
    ],
    ids=lambda value: getattr(value, "__name__", type(value).__name__),
)
def test_a_class_of_the_right_shape_satisfies_its_protocol_and_no_other(implementation: object, protocol: type) -> None:
    everyone = [
        protocols.Encoder, protocols.Reranker, protocols.VectorStore, protocols.LexicalIndex, protocols.ChunkReader
    ]  # fmt: skip
    assert [candidate for candidate in everyone if isinstance(implementation, candidate)] == [protocol]


def test_a_protocol_has_at_most_five_methods() -> None:
    found = [cls for _, cls in inspect.getmembers(protocols, inspect.isclass) if cls.__module__ == protocols.__name__]
    assert found
    for protocol in found:
        public = [name for name in vars(protocol) if not name.startswith("_")]
        assert len(public) <= 5, protocol
