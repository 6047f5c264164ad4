import pytest

from embedrank.core.errors import InvalidInputError
from embedrank.core.types import Document
from embedrank.evaluation.rivals.bm25s_index import Bm25sIndex

DOCUMENTS = [
    Document(id="1", title="Bears", text="The brown bear catches salmon."),
    Document(id="2", text="A brown fox sleeps in the wood."),
    Document(id="3", text="Ferries cross the river."),
    Document(id="0", text="Ferries cross the river."),
]


def test_the_ranking_is_that_of_the_library():
    import bm25s

    index = bm25s.BM25()
    texts = [f"{row.title}\n{row.text}" if row.title else row.text for row in DOCUMENTS]
    index.index(bm25s.tokenize(texts, show_progress=False), show_progress=False)
    places, scores = index.retrieve(bm25s.tokenize("brown bears", show_progress=False), k=2, show_progress=False)
    found = Bm25sIndex(DOCUMENTS).search_text("brown bears", top=2)
    assert [row.id for row in found] == [DOCUMENTS[place].id for place in places[0]]
    assert [row.score for row in found] == pytest.approx(scores[0].tolist())


def test_equal_scores_are_ordered_by_id_and_titles_are_read():
    index = Bm25sIndex(DOCUMENTS)
    assert [row.id for row in index.search_text("ferries", top=5)] == ["0", "3"]
    assert [row.id for row in index.search_text("bears", top=5)] == ["1"]


@pytest.mark.parametrize("query", ["unheard zzz", "the", "?!", ""])
def test_a_query_without_known_words_finds_nothing(query):
    assert Bm25sIndex(DOCUMENTS).search_text(query, top=5) == []


def test_a_corpus_without_words_finds_nothing():
    assert Bm25sIndex([Document(id="1", text="the"), Document(id="2", text="?")]).search_text("bear", top=5) == []


def test_filters_are_refused():
    with pytest.raises(InvalidInputError, match="knows no filters"):
        Bm25sIndex(DOCUMENTS).search_text("bear", top=1, where={"a": 1})
