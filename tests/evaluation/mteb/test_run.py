import json
import zlib

import mteb
import numpy as np
import pytest

from embedrank.core.errors import DatasetError
from embedrank.core.types import joined_text
from embedrank.evaluation.beir import load_beir
from embedrank.evaluation.metrics import means, per_query
from embedrank.evaluation.mteb.local import beir_task
from embedrank.evaluation.mteb.meta import reranker_meta
from embedrank.evaluation.mteb.reranker import MtebReranker
from embedrank.evaluation.mteb.results_folder import ResultsFolder
from embedrank.evaluation.mteb.run import Candidates, run_task
from tests.evaluation.beir_folder import write_beir
from tests.evaluation.mteb.local_sets import as_mteb, made_up
from tests.search.fakes import BagEncoder, OverlapReranker


class Noticing(BagEncoder):
    """Counts what it computed; a number from each whole text keeps documents with the same words from tying."""

    num_texts = 0

    def _encode(self, texts, dim):
        self.num_texts += len(texts)
        rows = super()._encode(texts, dim)
        rows[:, 0] += [0.5 + zlib.crc32(text.encode()) / 2**32 for text in texts]
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.fixture
def folder(tmp_path):
    return ResultsFolder(tmp_path / "results", "report", {"prompts": "report"})


def our_figures(dataset, encoder):
    texts = [joined_text(document.title, document.text) for document in dataset.documents]
    scores = encoder.encode_queries(list(dataset.queries.values())) @ encoder.encode_documents(texts).T
    names = [document.id for document in dataset.documents]
    run = {
        query: [names[place] for place in (-row).argsort()] for query, row in zip(dataset.queries, scores, strict=True)
    }
    return means(per_query(dataset.qrels, run))


def test_mteb_finds_the_same_figures_as_our_metrics_on_the_same_vectors(tmp_path, folder):
    dataset = made_up(tmp_path)
    task, encoder = beir_task(dataset), Noticing()
    score = run_task(as_mteb(encoder, task), task, folder)
    ours = our_figures(dataset, encoder)
    assert 0.05 < ours["ndcg_at_10"] < 0.95
    assert score.metric == "ndcg_at_10" and score.kind == "Retrieval"
    assert score.main_score == pytest.approx(ours["ndcg_at_10"], abs=5e-5)
    for theirs, name in (("recall_at_100", "recall_at_100"), ("mrr_at_10", "mrr_at_10"), ("map_at_100", "map")):
        assert score.scores[theirs] == pytest.approx(ours[name], abs=5e-5)


def test_results_lie_in_mtebs_submission_format(tmp_path, folder):
    task = beir_task(made_up(tmp_path))
    model = as_mteb(BagEncoder(), task)
    run_task(model, task, folder)
    results = folder.path / "results" / "tests__bag" / "bag-1"
    assert results == folder.results(model.mteb_model_meta)
    meta = json.loads((results / "model_meta.json").read_text())
    assert (meta["name"], meta["revision"], meta["loader_kwargs"]) == ("tests/bag", "bag-1", {"prompts": "report"})
    (written,) = [json.loads(path.read_text()) for path in results.glob("*.json") if path.name != "model_meta.json"]
    assert written["task_name"] == task.metadata.name
    assert written["scores"]["test"][0]["main_score"] > 0
    assert json.loads((folder.path / "settings.json").read_text()) == {"prompts": "report"}


def test_a_finished_task_is_read_and_other_data_under_its_name_is_not(tmp_path, folder):
    task, encoder = beir_task(made_up(tmp_path / "set")), Noticing()
    first = run_task(as_mteb(encoder, task), task, folder)
    computed = encoder.num_texts
    again = run_task(as_mteb(encoder, task), task, folder)
    assert encoder.num_texts == computed == first.num_texts
    assert (first.was_there, again.was_there, again.num_texts) == (False, True, 0)
    assert again.main_score == first.main_score
    other = beir_task(made_up(tmp_path / "other" / "set", num_documents=30))
    assert other.metadata.name == task.metadata.name
    assert not run_task(as_mteb(encoder, other), other, folder).was_there


def test_other_settings_have_another_folder(tmp_path):
    folders = [ResultsFolder(tmp_path, "report", {"dim": dim}).path for dim in (None, 64, 64)]
    assert folders[0] != folders[1] == folders[2]


def test_a_reranker_reads_what_the_first_stage_found(tmp_path, folder):
    dataset = made_up(tmp_path)
    task, encoder, reranker = beir_task(dataset), Noticing(), OverlapReranker()
    model = as_mteb(encoder, task)
    run_task(model, task, folder, keep_answers=True)
    second = MtebReranker(reranker, reranker_meta(reranker, "tests/overlap", settings={}))
    candidates = Candidates(folder=folder.predictions(model.mteb_model_meta), top=5)
    score = run_task(second, task, folder, candidates=candidates)
    assert [len(documents) for _, documents, _ in reranker.calls] == [5] * len(dataset.queries)
    assert score.num_texts == 5 * len(dataset.queries)
    kept = json.loads((candidates.folder / f"{task.metadata.name}_predictions.json").read_text())["default"]["test"]
    texts = {document.id: joined_text(document.title, document.text) for document in dataset.documents}
    query, documents, _ = reranker.calls[0]
    name = next(name for name, text in dataset.queries.items() if text == query)
    best = sorted(kept[name], key=kept[name].get, reverse=True)[:5]
    assert documents == [texts[name] for name in best]


def test_ranked_lists_that_a_reranker_needs_are_made_even_where_the_result_is_there(tmp_path, folder):
    task = beir_task(made_up(tmp_path))
    model = as_mteb(BagEncoder(), task)
    run_task(model, task, folder)
    assert not folder.has_predictions(model.mteb_model_meta, task)
    assert not run_task(model, task, folder, keep_answers=True).was_there
    assert folder.has_predictions(model.mteb_model_meta, task)


def test_data_that_cannot_be_had_is_one_error_that_names_the_task(folder):
    task = mteb.get_task("ArguAna")
    with pytest.raises(DatasetError, match=r"task ArguAna: its data set mteb/arguana cannot be had: .*HF_HUB_OFFLINE"):
        run_task(as_mteb(BagEncoder(), task), task, folder)


def test_a_title_stands_before_its_text_and_blanks_inside_stay(tmp_path):
    corpus = [{"_id": "1", "title": "A", "text": "b  c"}, {"_id": "2", "title": "", "text": "d"}]
    write_beir(tmp_path, corpus=corpus, queries=[{"_id": "q", "text": "b"}], qrels="q\t1\t1\n")
    task = beir_task(load_beir(tmp_path, "test"))
    task.load_data()
    assert task.dataset["default"]["test"]["corpus"]["text"] == ["A\nb  c", "d"]
