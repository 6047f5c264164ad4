import numpy as np
import pytest

from embedrank.core.errors import IndexMismatchError, IndexNotFoundError, InvalidInputError
from embedrank.core.types import Document
from embedrank.index.store import LanceStore
from embedrank.search.index import SearchIndex
from embedrank.search.opening import built_with
from embedrank.search.reembedding import chunks_of, reembed
from tests.search.fakes import BagEncoder

TEXTS = {"bear": "The brown bear catches salmon.", "fox": "A brown fox sleeps. " * 400, "train": "The train to Bern."}


class MirrorEncoder(BagEncoder):
    """Another model: the same numbers backwards."""

    def __init__(self, **settings):
        super().__init__(name="mirror", fingerprint="mirror-1", **settings)

    def _encode(self, texts, dim):
        vectors = super()._encode(texts, self.dim)[:, ::-1][:, : dim or self.dim]
        return np.ascontiguousarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9))


@pytest.fixture
def folder(tmp_path):
    with SearchIndex.open(tmp_path / "i", embedder=BagEncoder()) as index:
        index.add([Document(id=name, text=text, metadata={"name": name}) for name, text in TEXTS.items()])
    return tmp_path / "i"


def hits(folder, embedder, query="brown fox"):
    with SearchIndex.open(folder, embedder=embedder, create=False) as index:
        return index.search(query)


def test_the_index_answers_with_the_new_model_as_one_built_with_it(folder, tmp_path):
    count = reembed(folder, MirrorEncoder())
    assert count == sum(len(chunks) for chunks in chunks_of(folder)) > 3
    with SearchIndex.open(tmp_path / "new", embedder=MirrorEncoder()) as index:
        index.add([Document(id=name, text=text, metadata={"name": name}) for name, text in TEXTS.items()])
    assert hits(folder, MirrorEncoder()) == hits(tmp_path / "new", MirrorEncoder())
    assert built_with(folder) == "mirror"
    with pytest.raises(IndexMismatchError):
        SearchIndex.open(folder, embedder=BagEncoder(), create=False)


def test_documents_that_have_not_changed_are_not_read_again_afterwards(folder):
    reembed(folder, MirrorEncoder())
    with SearchIndex.open(folder, embedder=MirrorEncoder()) as index:
        assert index.add([Document(id="train", text=TEXTS["train"], metadata={"name": "train"})]).unchanged == 1


class Failing(MirrorEncoder):
    def encode_documents(self, texts, *, dim=None):
        if any("Bern" in text for text in texts):
            raise KeyboardInterrupt
        return super().encode_documents(texts, dim=dim)


def test_broken_off_it_is_what_it_was_and_the_next_try_goes_on(folder, monkeypatch):
    before = hits(folder, BagEncoder())
    monkeypatch.setattr("embedrank.search.reembedding._CHUNKS_AT_ONCE", 1)
    with pytest.raises(KeyboardInterrupt):
        reembed(folder, Failing())
    assert hits(folder, BagEncoder()) == before
    assert reembed(folder, MirrorEncoder()) == 1  # of the train; the others were done
    assert hits(folder, MirrorEncoder())


def test_what_changes_meanwhile_is_followed(folder):
    class Meddling(MirrorEncoder):
        has_meddled = False

        def encode_documents(self, texts, *, dim=None):
            if not Meddling.has_meddled:
                Meddling.has_meddled = True
                with SearchIndex.open(folder, embedder=BagEncoder()) as index:
                    index.add([Document(id="owl", text="An owl hoots."), Document(id="train", text="No train.")])
                    index.remove(["bear"])
            return super().encode_documents(texts, dim=dim)

    reembed(folder, Meddling())
    texts = {chunk.document_id: chunk.text for chunks in chunks_of(folder) for chunk in chunks}
    assert texts["owl"] == "An owl hoots." and texts["train"] == "No train." and "bear" not in texts


def test_only_the_current_and_the_last_vectors_stay(folder):
    reembed(folder, MirrorEncoder())
    third = BagEncoder(name="third", fingerprint="third-1")
    reembed(folder, third)
    assert len(LanceStore.tables(folder)) == 2 and hits(folder, third)
    assert reembed(folder, third) == 0


def test_a_model_that_is_too_narrow_and_a_missing_index_are_refused(folder, tmp_path):
    with pytest.raises(InvalidInputError, match="64 dimensions"):
        reembed(folder, MirrorEncoder(dim=64))
    with pytest.raises(IndexNotFoundError):
        reembed(tmp_path / "nowhere", MirrorEncoder())
    with pytest.raises(IndexNotFoundError):
        list(chunks_of(tmp_path))
