import pytest

from embedrank.core.errors import IndexMismatchError, IndexNotFoundError, InvalidInputError
from embedrank.core.types import Document
from embedrank.search.config import SearchConfig
from embedrank.search.index import SearchIndex
from embedrank.search.opening import built_with
from embedrank.search.ranking import document_of
from tests.search.fakes import BagEncoder, OverlapReranker

DOCUMENTS = [
    Document(id="bear", text="The brown bear catches salmon in the river.", metadata={"lang": "en", "year": 2020}),
    Document(id="fox", text="A brown fox sleeps.", metadata={"lang": "en", "year": 2021}),
    Document(id="zug", text="Der Zug fährt nach Bern.", title="Bahn", metadata={"lang": "de", "year": 2021}),
]


@pytest.fixture
def index(tmp_path):
    with SearchIndex.open(tmp_path / "i", embedder=BagEncoder(), reranker=OverlapReranker()) as opened:
        opened.add(DOCUMENTS)
        yield opened


def test_what_was_added_is_found_with_all_stages(index):
    hit = index.search("brown bear", top=1)[0]
    assert (hit.document_id, document_of(hit.id)) == ("bear", "bear")
    assert set(hit.stages) == {"dense", "lexical", "fused", "rerank"}


def test_an_index_opens_again_and_answers_the_same(index, tmp_path):
    before = index.search("brown river")
    index.flush()
    again = SearchIndex.open(tmp_path / "i", embedder=BagEncoder(), reranker=OverlapReranker(), create=False)
    assert again.search("brown river") == before


def test_adding_again_changes_nothing_and_replacing_replaces(index):
    assert index.add(DOCUMENTS).unchanged == 3
    index.add([Document(id="fox", text="A grey wolf howls.")])
    assert index.stats().num_documents == 3
    assert index.search("wolf", top=1)[0].document_id == "fox"


def test_removed_documents_are_not_found(index):
    assert index.remove(["bear", "unknown"]) == 1
    assert "bear" not in {hit.document_id for hit in index.search("brown bear river")}


def test_where_takes_values_and_lists(index):
    assert {hit.document_id for hit in index.search("brown Zug", where={"lang": "de"})} == {"zug"}
    assert {hit.document_id for hit in index.search("brown Zug", where={"year": [2020, 2021], "lang": "en"})} == {
        "bear",
        "fox",
    }


def test_many_searches_equal_each_alone(index):
    queries = ["brown bear", "Zug Bern", "fox"]
    assert index.search_many(queries, top=2) == [index.search(query, top=2) for query in queries]


def test_rerank_false_and_instruction_reach_the_stages(tmp_path):
    encoder, reranker = BagEncoder(), OverlapReranker()
    with SearchIndex.open(tmp_path / "i", embedder=encoder, reranker=reranker) as opened:
        opened.add(DOCUMENTS)
        assert "rerank" not in opened.search("bear", rerank=False)[0].stages
        assert reranker.calls == []
        opened.search("bear", instruction="Find animals")
    assert encoder.batches[-1] == (["bear"], "Find animals")
    assert reranker.calls[-1][2] == "Find animals"


def test_an_empty_index_answers_with_nothing(tmp_path):
    assert SearchIndex.open(tmp_path / "i", embedder=BagEncoder()).search("bear") == []


@pytest.mark.parametrize("query", ["", " \n"])
def test_a_blank_query_is_refused(index, query):
    with pytest.raises(InvalidInputError, match="is empty"):
        index.search(query)


def test_a_missing_index_is_an_error_unless_it_may_be_made(tmp_path):
    with pytest.raises(IndexNotFoundError):
        SearchIndex.open(tmp_path / "i", embedder=BagEncoder(), create=False)
    assert not (tmp_path / "i").exists()


@pytest.mark.parametrize(
    ("encoder", "dim", "field"),
    [(BagEncoder(fingerprint="other"), None, "model_fingerprint"), (BagEncoder(), 64, "dim")],
)
def test_other_settings_are_refused_by_name(index, tmp_path, encoder, dim, field):
    with pytest.raises(IndexMismatchError, match=f"was built with {field}"):
        SearchIndex.open(tmp_path / "i", embedder=encoder, dim=dim)


def test_another_instruction_policy_is_refused(index, tmp_path):
    encoder = BagEncoder()
    encoder.default_instruction = None
    with pytest.raises(IndexMismatchError, match="query_instruction"):
        SearchIndex.open(tmp_path / "i", embedder=encoder)


def test_a_server_address_or_a_file_is_no_index(tmp_path):
    with pytest.raises(InvalidInputError, match="is no folder"):
        SearchIndex.open("http://localhost:19530", embedder=BagEncoder())
    (tmp_path / "file").write_text("x")
    with pytest.raises(InvalidInputError, match="is a file"):
        SearchIndex.open(tmp_path / "file", embedder=BagEncoder())


def test_an_index_begun_but_without_a_table_is_completed(tmp_path):
    import shutil

    SearchIndex.open(tmp_path / "i", embedder=BagEncoder())
    shutil.rmtree(tmp_path / "i" / "chunks.lance")
    with SearchIndex.open(tmp_path / "i", embedder=BagEncoder()) as opened:
        opened.add(DOCUMENTS)
        assert opened.stats().num_documents == 3


def test_fewer_dimensions_work_on_both_sides(tmp_path):
    with SearchIndex.open(tmp_path / "i", embedder=BagEncoder(), dim=128) as opened:
        opened.add(DOCUMENTS)
        assert opened.stats().dim == 128
        assert opened.search("brown bear", dim=64)[0].document_id == "bear"
        with pytest.raises(InvalidInputError, match="129 is more than the 128"):
            opened.search("bear", dim=129)


def test_recall_is_never_less_than_top_and_config_gives_the_rest(tmp_path):
    config = SearchConfig(mode="lexical")
    with SearchIndex.open(tmp_path / "i", embedder=BagEncoder(), config=config) as opened:
        opened.add(DOCUMENTS)
        assert set(opened.search("brown", top=200)[0].stages) == {"lexical"}


def test_the_model_of_an_index_is_known(index, tmp_path):
    assert built_with(tmp_path / "i") == "bag"
    with pytest.raises(IndexNotFoundError):
        built_with(tmp_path / "none")
