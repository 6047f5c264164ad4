import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import average_precision_score

from embedrank.core.errors import DatasetError
from embedrank.evaluation.beir import load_beir
from embedrank.evaluation.tasks.reranking import (
    check_candidates,
    embedder_scores,
    judged_candidates,
    pointwise,
    ranked,
    scored_candidates,
    with_both_kinds,
)
from tests.evaluation.beir_folder import QRELS, write_beir
from tests.evaluation.tasks.encoders import bag

JUDGED = "q1\ten:1\t2\nq1\ten:2\t0\nq1\tde:1\t0\nq2\ten:3\t1\nq3\ten:2\t0\n"


@pytest.fixture
def dataset(tmp_path):
    return load_beir(write_beir(tmp_path, qrels=JUDGED), "test", unanswerable=True)


def test_candidates_are_those_that_the_folder_judges_in_an_order_that_tells_nothing(dataset):
    assert judged_candidates(dataset) == {"q1": ["de:1", "en:1", "en:2"], "q2": ["en:3"], "q3": ["en:2"]}


def test_a_folder_that_judges_nothing_irrelevant_needs_a_file(tmp_path):
    with pytest.raises(DatasetError, match="--candidates FILE"):
        judged_candidates(load_beir(write_beir(tmp_path, qrels=QRELS), "test"))


def test_only_queries_with_candidates_of_both_kinds_can_be_ranked(dataset):
    assert with_both_kinds(dataset, judged_candidates(dataset)) == {"q1"}


def test_candidates_of_another_set_are_refused(dataset):
    good = {"q1": ["en:1"], "q2": ["en:3"], "q3": ["en:2"]}
    assert check_candidates(dataset, {**good, "other": ["x"]}, "file.run") == good
    with pytest.raises(DatasetError, match=r"file\.run: has candidates for no query of"):
        check_candidates(dataset, {"other": ["en:1"]}, "file.run")
    with pytest.raises(DatasetError, match="names document 'nowhere'"):
        check_candidates(dataset, {**good, "q2": ["nowhere"]}, "file.run")


def test_a_query_whose_first_stage_found_nothing_has_no_scores(dataset):
    candidates = check_candidates(dataset, {"q1": ["en:1"]}, "file.run")
    assert candidates == {"q1": ["en:1"], "q2": [], "q3": []}
    scores = scored_candidates(dataset, candidates, embedder_scores(dataset, candidates, bag()))
    assert {query: len(found) for query, found in scores.items()} == {"q1": 1, "q2": 0, "q3": 0}


@pytest.mark.parametrize(("protocol", "instructed"), [("report", True), ("mteb", False)])
def test_candidates_are_instructed_by_one_protocol_and_raw_by_the_other(dataset, protocol, instructed):
    encoder = bag(protocol=protocol, instruction="find it")
    candidates = judged_candidates(dataset)
    scored_candidates(dataset, candidates, embedder_scores(dataset, candidates, encoder))
    asked = [text for texts, instruction in encoder.encoder.batches for text in texts if instruction == "find it"]
    assert "what does the brown bear catch" in asked
    assert ("Bears\nThe brown bear catches salmon." in asked) is instructed


def test_cosines_are_those_of_the_encoder(dataset):
    encoder = bag()
    scores = scored_candidates(
        dataset, judged_candidates(dataset), embedder_scores(dataset, judged_candidates(dataset), encoder)
    )
    query = encoder.encoder.encode_queries(["what does the brown bear catch"])[0]
    document = encoder.encoder.encode_documents(["A brown fox sleeps in the wood."])[0]
    assert scores["q1"]["en:2"] == pytest.approx(float(query @ document), abs=1e-6)
    assert ranked(scores)["q1"][0] == "en:1"


def test_equal_scores_are_ordered_by_id_and_not_as_they_came():
    assert ranked({"q": {"b": 1.0, "a": 1.0, "c": 2.0}}) == {"q": ["c", "a", "b"]}


def test_pairs_are_judged_together_over_all_queries(dataset):
    scores = {"q1": {"en:1": 0.9, "en:2": 0.8, "de:1": 0.1}, "q2": {"en:3": 0.7}, "q3": {"en:2": 0.2}}
    grades, said = [2, 0, 0, 1, 0], [0.9, 0.8, 0.1, 0.7, 0.2]
    found = pointwise(dataset, scores)
    assert found["pair_average_precision"] == pytest.approx(average_precision_score(np.array(grades) > 0, said))
    assert found["pair_spearman"] == pytest.approx(stats.spearmanr(grades, said).statistic)
