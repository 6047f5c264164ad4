from embedrank.core.types import Document
from embedrank.search.clock import StageClock
from embedrank.search.config import SearchConfig
from embedrank.search.index import SearchIndex
from tests.search.fakes import BagEncoder, OverlapReranker


def _seconds(tmp_path, **choices):
    with SearchIndex.open(tmp_path / "i", embedder=BagEncoder(), reranker=OverlapReranker()) as index:
        index.add([Document(id="bear", text="The brown bear.")])
        return index.rank("bear", SearchConfig(**choices)).seconds


def test_every_stage_that_ran_is_timed_in_the_order_it_ran(tmp_path):
    assert list(_seconds(tmp_path)) == ["embed", "dense", "lexical", "fused", "read", "rerank"]


def test_stages_that_did_not_run_have_no_time(tmp_path):
    assert list(_seconds(tmp_path, mode="lexical", rerank=False)) == ["lexical", "read"]


def test_a_shared_stage_is_charged_in_parts_and_a_stage_that_fails_is_counted():
    clock = StageClock()
    try:
        with clock.stage("embed", share=2):
            raise ValueError
    except ValueError:
        pass
    assert clock.seconds["embed"] > 0
    branch = clock.split()
    with branch.stage("dense"):
        pass
    assert list(branch.seconds) == ["embed", "dense"]
    assert list(clock.seconds) == ["embed"]
