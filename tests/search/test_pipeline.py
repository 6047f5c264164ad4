import numpy as np
import pytest

from embedrank.core.errors import InvalidInputError
from embedrank.search.config import SearchConfig
from embedrank.search.explain import explain, why
from embedrank.search.pipeline import SearchPipeline
from embedrank.search.recall import Recall
from embedrank.search.trial import staged_runs
from tests.search.fakes import BagEncoder, ListStore, OverlapReranker, RecommendingReranker, WordIndex, chunk

CHUNKS = [
    chunk("bear", "The brown bear catches salmon in the river.", metadata={"lang": "en"}),
    chunk("fox", "A brown fox sleeps.", metadata={"lang": "en"}),
    chunk("boat", "The boat crosses the river at night.", title="Ferries", path="docs/boat.md", start_line=7),
    chunk("zug", "Der Zug fährt nach Bern.", metadata={"lang": "de"}),
]


def pipeline(reranker=None, chunks=CHUNKS):
    encoder, store = BagEncoder(), ListStore()
    store.upsert(chunks, encoder.encode_documents([item.embedding_text for item in chunks]))
    recall = Recall(vectors=store, lexical=WordIndex(chunks))
    return SearchPipeline(recall=recall, chunks=store, encoder=encoder, reranker=reranker)


def test_all_stages_run_and_are_kept():
    ranking = pipeline(OverlapReranker()).rank("brown bear river", SearchConfig(top=3))
    assert list(ranking.stages()) == ["dense", "lexical", "fused", "rerank"]
    assert ranking.final[0].id == "bear#0"


@pytest.mark.parametrize("mode", ["dense", "lexical"])
def test_a_single_mode_runs_only_its_stage(mode):
    ranking = pipeline().rank("brown bear", SearchConfig(mode=mode))
    assert list(ranking.stages()) == [mode]
    assert ranking.final == ranking.recalled[mode]


def test_the_reranker_reads_no_more_than_the_depth_but_never_less_than_top():
    reranker = OverlapReranker()
    pipeline(reranker).rank("brown river", SearchConfig(top=1, rerank_depth=2))
    pipeline(reranker).rank("brown river", SearchConfig(top=3, rerank_depth=2))
    assert [len(documents) for _, documents, _ in reranker.calls] == [2, 3]


def test_the_reranker_reads_the_title_and_the_instruction():
    reranker = OverlapReranker()
    pipeline(reranker).rank("ferries", SearchConfig(mode="lexical", instruction="Find boats"))
    assert reranker.calls == [("ferries", ["Ferries\nThe boat crosses the river at night."], "Find boats")]


def test_rerank_false_leaves_the_order_of_recall():
    reranker = OverlapReranker()
    ranking = pipeline(reranker).rank("brown river", SearchConfig(rerank=False))
    assert ranking.final == ranking.recalled["fused"]
    assert reranker.calls == []


def test_a_recommended_blend_is_used_unless_the_caller_chooses():
    ours = pipeline(RecommendingReranker()).rank("brown river boat", SearchConfig())
    recommended = SearchConfig(rerank_weight=0.25, blend="rank")
    assert ours.final == pipeline(OverlapReranker()).rank("brown river boat", recommended).final
    alone = pipeline(RecommendingReranker()).rank("brown river boat", SearchConfig(rerank_weight=1.0))
    assert alone.final == pipeline(OverlapReranker()).rank("brown river boat", SearchConfig()).final


def test_where_keeps_only_matching_chunks_in_every_stage():
    ranking = pipeline().rank("brown bern", SearchConfig(), where={"lang": "de"})
    assert {row.id for rows in ranking.stages().values() for row in rows} == {"zug#0"}


@pytest.mark.parametrize("query", ["", "  \n\t"])
def test_a_blank_query_is_refused(query):
    with pytest.raises(InvalidInputError, match="query: is empty"):
        pipeline().rank(query, SearchConfig())


def test_a_blank_query_among_many_is_named_by_its_place():
    with pytest.raises(InvalidInputError, match="query 2: is empty"):
        list(pipeline().rank_many(["a", " "], SearchConfig()))


def test_dense_search_without_an_encoder_is_refused():
    lexical = SearchPipeline(recall=Recall(vectors=None, lexical=WordIndex(CHUNKS)), chunks=ListStore())
    with pytest.raises(InvalidInputError, match="needs an embedder"):
        lexical.rank("bear", SearchConfig())


def test_many_queries_equal_each_alone():
    searcher, queries = pipeline(OverlapReranker()), [f"brown river {n}" for n in range(70)]
    many = [ranking.final for ranking in searcher.rank_many(queries, SearchConfig())]
    assert many == [searcher.rank(query, SearchConfig()).final for query in queries]


def test_a_chunk_deleted_since_recall_is_left_out():
    class Forgetful(ListStore):
        def get(self, ids):
            return super().get([name for name in ids if name != "bear#0"])

    searcher = pipeline(OverlapReranker())
    store = Forgetful()
    store.upsert(CHUNKS, searcher.encoder.encode_documents([item.embedding_text for item in CHUNKS]))
    ranking = SearchPipeline(
        recall=searcher.recall, chunks=store, encoder=searcher.encoder, reranker=searcher.reranker
    ).rank("brown bear", SearchConfig())
    assert "bear#0" not in [row.id for row in ranking.final]
    assert "bear#0" not in [hit.id for hit in explain(ranking, top=10)]


def test_hits_tell_their_story():
    ranking = pipeline(OverlapReranker()).rank("the boat on the river", SearchConfig(top=2))
    hit = explain(ranking, top=2)[0]
    assert (hit.document_id, hit.title, hit.path, hit.start_line) == ("boat", "Ferries", "docs/boat.md", 7)
    assert [hit.text[low:high] for low, high in hit.highlights] == ["boat", "river"]
    assert hit.stages["rerank"].rank == 1
    assert 0 < hit.stages["rerank"].score < 1
    assert why(hit.stages).startswith("dense #1 0.") and "· rerank #1 0." in why(hit.stages)


def test_a_stage_that_missed_a_hit_is_shown_as_a_dash():
    ranking = pipeline().rank("Zug", SearchConfig(top=4))
    last = explain(ranking, top=4)[-1]
    assert "lexical –" in why(last.stages)


def test_trial_names_each_stage_as_a_system():
    runs = staged_runs(pipeline(OverlapReranker()), {"q1": "brown bear"}, SearchConfig(), weights=[0.0])
    assert list(runs) == ["BM25", "dense", "fused", "fused+rerank w=0", "fused+rerank"]
    assert runs["fused+rerank w=0"]["q1"][0].id == runs["fused"]["q1"][0].id


def test_dim_reaches_encoder_and_store():
    ranking = pipeline().rank("brown bear", SearchConfig(dim=32, mode="dense"))
    assert np.isfinite(ranking.final[0].score)
