"""Texts of evaluation sets do not become training rows, whole or in part."""

from __future__ import annotations

import gzip
import json

import numpy as np
import pytest

from embedrank.core.errors import DatasetError
from embedrank.core.evaluation_set import read_evaluation_set, window_hashes
from embedrank.synthesis.filters.needs import FilterNeeds
from tests.synthesis.filters.drafts import draft, made, verdict

BODY = (
    "The lynx is a cat of medium size that lives in the forests of the north. It hunts hares at dusk and rests during "
    "the day in hollow trees or below rocks. Its ears have tufts of black hair, and its tail is short."
)
FREE = (
    "The badger digs setts with many rooms, lines them with grass and moss, and shares them with its clan for years. "
    "It eats earthworms for the most part, but also roots, fruit and the grubs of wasps."
)


def lines(path, rows) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(text.encode()))
    else:
        path.write_text(text, encoding="utf-8")


@pytest.fixture
def animals(tmp_path):
    folder = tmp_path / "animals"
    documents = {
        "lynx": BODY,
        "badger": FREE,
        "unjudged": "A text that no query asks for, and that is free to train on.",
    }
    lines(
        folder / "corpus.jsonl.gz", [{"_id": key, "title": "Animal", "text": text} for key, text in documents.items()]
    )
    queries = {"q1": "Where does the lynx live?", "q2": "Who digs setts?"}
    lines(folder / "queries.jsonl", [{"_id": key, "text": text} for key, text in queries.items()])
    (folder / "qrels").mkdir()
    (folder / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\nq1\tlynx\t1\nq1\tunjudged\t0\n")
    (folder / "qrels" / "train.de.tsv").write_text("query-id\tcorpus-id\tscore\nq2\tbadger\t1\n")
    return folder


def against(folder, **settings):
    return made("decontaminate", folders=[str(folder)], **settings)


def test_a_query_or_document_of_the_set_goes_whatever_its_form(animals) -> None:
    judge = against(animals)
    said = verdict(judge, draft("where does the LYNX live", FREE))
    assert (said.reason, said.detail) == ("query is in an evaluation set", "animals")
    for copy in (BODY, f"Animal\n{BODY}", BODY.upper().replace(" ", "  ")):
        assert verdict(judge, draft("tufts", copy)).reason == "positive is in an evaluation set"


def test_texts_of_train_and_documents_that_answer_nothing_are_free(animals) -> None:
    judge = against(animals)
    assert verdict(judge, draft("Who digs setts?", FREE)).keep
    assert verdict(judge, draft("tufts", "A text that no query asks for, and that is free to train on.")).keep


def test_a_text_that_shares_long_runs_goes_and_a_quotation_stays(animals) -> None:
    judge = against(animals)
    most = BODY[:150] + " It is shy."
    said = verdict(judge, draft("tufts", most))
    assert said.reason == "positive overlaps an evaluation set"
    assert said.detail.startswith("animals, ")
    quotation = f"{FREE} {BODY[:70]} {FREE.upper()[:100]}"
    assert verdict(judge, draft("tufts", quotation)).keep
    assert not verdict(against(animals, max_overlap=0), draft("tufts", quotation)).keep
    assert verdict(judge, draft(BODY[:100], FREE)).reason == "query overlaps an evaluation set"


def test_labels_are_no_texts(animals) -> None:
    judge = against(animals)
    assert verdict(judge, draft("my lynx is lost", "Where does the lynx live?", task="classification")).keep
    assert not verdict(judge, draft("where does the lynx live", "place", task="classification")).keep


def test_pair_files_count_but_for_train_and_the_command_line_may_name_them(tmp_path) -> None:
    folder = tmp_path / "pairs"
    lines(folder / "test.jsonl", [{"sentence1": "a cat sleeps", "sentence2": "a cat is asleep", "score": 1}])
    lines(folder / "train.jsonl", [{"text": "a dog barks", "label": "dog"}])
    judge = made("decontaminate", FilterNeeds(evaluation=(folder,)))
    assert verdict(judge, draft("A cat is asleep.", FREE)).reason == "query is in an evaluation set"
    assert verdict(judge, draft("a dog barks", FREE)).keep


def test_a_folder_without_a_split_for_evaluation_is_refused(tmp_path) -> None:
    lines(tmp_path / "train.jsonl", [{"text": "a dog barks"}])
    with pytest.raises(DatasetError, match="no split for evaluation"):
        against(tmp_path)


def test_windows_are_equal_exactly_where_texts_are() -> None:
    one, two = window_hashes("xx" + BODY, 20), window_hashes(BODY, 20)
    np.testing.assert_array_equal(one[2:], two)
    assert len(np.unique(two)) == len(two)
    assert not np.isin(one[:2], two).any()


def test_windows_are_shorter_in_scripts_that_say_more_with_a_character() -> None:
    text = "山猫在黄昏时分猎食野兔并在白天于空心树中休息它的耳朵上有黑色的毛"
    assert len(window_hashes(text, 50)) == len(text) - 20 + 1
    assert not len(window_hashes("lynx", 50))


def test_memory_is_eight_bytes_a_text_and_a_window(animals) -> None:
    known = read_evaluation_set(animals, 50)
    assert (len(known.queries), len(known.documents)) == (1, 2)
    assert all(part.dtype == np.uint64 for part in (known.queries, known.documents, known.windows))
