"""The passage is found again by its query, by exact search over vectors that are made once."""

from __future__ import annotations

import numpy as np
import pytest

from embedrank.core.errors import ResumeError
from embedrank.synthesis.filters.corpus_vectors import CorpusVectors
from embedrank.synthesis.filters.needs import FilterNeeds
from embedrank.synthesis.passage import Passage
from tests.synthesis.filters.drafts import AngleEncoder, draft, made

CORPUS = [Passage(id=f"p{angle}", text=f"d {angle}") for angle in range(0, 90, 10)]


def row(angle: float, passage: Passage, **changes):
    return draft(f"q {angle}", passage=passage, **changes)


def round_trip(work, encoder=None, corpus=CORPUS, **settings):
    told = []
    needs = FilterNeeds(
        encoder=encoder or AngleEncoder(),
        passages=lambda: iter(corpus),
        work=work,
        tell=lambda what, number: told.append((what, number)),
    )
    return made("round_trip", needs, **settings), told


def test_rows_past_the_top_go_and_ranks_are_told(tmp_path) -> None:
    judge, _ = round_trip(tmp_path, top=2)
    said = judge.judge([row(21, CORPUS[2]), row(26, CORPUS[2]), row(51, CORPUS[2])])
    assert [verdict.figures["round_trip_rank"] for verdict in said] == [1, 2, 7]
    assert [verdict.reason for verdict in said] == ["", "", "passage not found again"]
    assert said[2].detail == "rank 7"


def test_the_corpus_is_embedded_once_and_its_vectors_outlive_the_run(tmp_path) -> None:
    first, second = AngleEncoder(), AngleEncoder()
    judge, told = round_trip(tmp_path, first)
    assert first.num_documents == 0
    judge.judge([row(21, CORPUS[2])])
    judge.judge([row(31, CORPUS[3])])
    assert first.num_documents == len(CORPUS) + 2
    assert told == [("embedding the corpus", len(CORPUS))]
    again, told = round_trip(tmp_path, second)
    assert again.judge([row(26, CORPUS[2])])[0].figures["round_trip_rank"] == 2
    assert (second.num_documents, told) == (1, [])


def test_a_copy_of_the_passage_is_no_rival(tmp_path) -> None:
    corpus = [*CORPUS, Passage(id="copy", text="d 20")]
    judge, _ = round_trip(tmp_path, corpus=corpus, top=1)
    assert judge.judge([row(21, CORPUS[2])])[0].keep


def test_a_positive_that_differs_from_its_passage_does_not_compete_with_it(tmp_path) -> None:
    judge, _ = round_trip(tmp_path, top=1)
    cut = draft("q 21", "the function without its docstring 16", passage=CORPUS[2], task="code")
    assert judge.judge([cut])[0].keep


def test_tasks_without_passages_to_find_pass(tmp_path) -> None:
    encoder = AngleEncoder()
    judge, _ = round_trip(tmp_path, encoder, top=1)
    drafts = [row(80, CORPUS[0], task=task) for task in ("bitext", "sts", "classification")]
    assert all(verdict.keep and not verdict.figures for verdict in judge.judge(drafts))
    assert encoder.num_documents == 0


def test_ranks_are_those_of_brute_force_over_many_blocks(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("embedrank.synthesis.filters.corpus_vectors._SEARCH_BLOCK", 7)
    generator = np.random.default_rng(0)
    passages = [Passage(id=str(number), text=f"d {generator.uniform(0, 180):.4f}") for number in range(50)]
    encoder = AngleEncoder()
    vectors = CorpusVectors(tmp_path, passages, encoder, tell=lambda number: None)
    documents = encoder.encode_documents([passage.text for passage in passages])
    queries = encoder.encode_queries([f"q {angle}" for angle in generator.uniform(0, 180, size=20)])
    own = generator.integers(0, 50, size=20)
    scores = np.einsum("nd,nd->n", queries, documents[own])
    all_scores = queries @ documents.T
    expected = [1 + int((all_scores[n] > scores[n] + 1e-6).sum()) for n in range(20)]
    assert vectors.ranks(queries, scores, own).tolist() == expected
    assert vectors.place_of("37") == 37
    assert vectors.place_of("50") is None


def test_an_interrupted_embedding_is_taken_up(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("embedrank.synthesis.filters.corpus_vectors._ENCODE_BLOCK", 4)

    class Dies(AngleEncoder):
        def encode_documents(self, texts, *, dim=None):
            if self.num_documents >= 4:
                raise KeyboardInterrupt
            return super().encode_documents(texts)

    with pytest.raises(KeyboardInterrupt):
        CorpusVectors(tmp_path, CORPUS, Dies(), tell=lambda number: None)
    encoder, told = AngleEncoder(), []
    vectors = CorpusVectors(tmp_path, CORPUS, encoder, tell=told.append)
    assert (encoder.num_documents, told) == (len(CORPUS) - 4, [8, 9])
    queries = encoder.encode_queries(["q 51"])
    assert vectors.ranks(queries, np.array([0.99], np.float32), np.array([-1])).tolist() == [2]


@pytest.mark.parametrize("change", ["model", "text", "fewer"])
def test_vectors_of_another_model_or_of_other_passages_are_refused(tmp_path, change) -> None:
    judge, _ = round_trip(tmp_path)
    judge.judge([row(21, CORPUS[2])])
    encoder, corpus = AngleEncoder(), list(CORPUS)
    if change == "model":
        encoder.fingerprint = "other angles"
    elif change == "text":
        corpus[3] = Passage(id="p30", text="d 33")
    else:
        corpus.pop()
    judge, _ = round_trip(tmp_path, encoder, corpus)
    with pytest.raises(ResumeError):
        judge.judge([row(21, CORPUS[2])])
