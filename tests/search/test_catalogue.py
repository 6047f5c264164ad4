import pytest

from embedrank.core.errors import InvalidInputError
from embedrank.core.types import Document
from embedrank.search.index import SearchIndex
from tests.search.fakes import BagEncoder

DOCUMENTS = [
    Document(id="bear", text="The brown bear catches salmon.", path="/a/bear.txt", metadata={"lang": "en"}),
    Document(id="bear 2", text="A brown bear eats salmon.", path="/a/b/bear.txt", metadata={"lang": "en"}),
    Document(id="zug", text="Der Zug fährt nach Bern.", metadata={"lang": "de", "note": '"lang" = "xx"'}),
]


@pytest.fixture
def index(tmp_path):
    with SearchIndex.open(tmp_path / "i", embedder=BagEncoder()) as opened:
        opened.add(DOCUMENTS)
        yield opened


def test_the_most_similar_document_comes_first_and_never_the_document_itself(index):
    hits = index.similar("bear", top=5)
    assert [hit.document_id for hit in hits] == ["bear 2", "zug"]
    assert hits[0].score > hits[1].score
    assert [hit.stages["dense"].rank for hit in hits] == [1, 2]


def test_a_document_of_many_chunks_comes_once(index):
    index.add([Document(id="long", text="\n\n".join(["The brown bear catches salmon. " * 40] * 8))])
    assert index.catalogue.documents()["long"].num_chunks > 2
    names = [hit.document_id for hit in index.similar("bear", top=3)]
    assert sorted(names) == ["bear 2", "long", "zug"]


def test_what_is_like_an_unknown_document_is_asked_in_vain(index):
    with pytest.raises(InvalidInputError, match="none with the id 'wolf'"):
        index.similar("wolf")
    with pytest.raises(InvalidInputError, match="top"):
        index.similar("bear", top=0)


def test_values_are_counted_by_key_most_frequent_first(index):
    assert list(index.catalogue.values("lang").items()) == [("en", 2), ("de", 1)]
    assert index.catalogue.values("none") == {}


def test_documents_and_ids_can_be_narrowed_by_a_filter(index):
    assert list(index.catalogue.documents({"path": "/a/b/*"})) == ["bear 2"]
    assert list(index.catalogue.documents({"lang": "de"})) == ["zug"]
    assert index.catalogue.chunk_ids() == ["bear 2#0", "bear#0", "zug#0"]


def test_the_version_grows_with_every_write_of_another_handle(index, tmp_path):
    reader = SearchIndex.open(tmp_path / "i", embedder=BagEncoder(), create=False)
    before = reader.catalogue.version
    index.remove(["zug"])
    assert reader.catalogue.version > before
    assert "zug" not in reader.catalogue.documents()
