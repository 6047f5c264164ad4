import json
from dataclasses import replace

import pytest

from embedrank.core.errors import ConfigError, DatasetError, StorageError
from embedrank.evaluation.beir import load_beir
from embedrank.training.data.holding_out import Grouped, HoldOutConfig, hold_out
from embedrank.training.rows import TrainingRow, read_rows


def made(number, *, cut=True):
    text = f"body of {number}" if cut else f"whole {number}"
    row = TrainingRow(task="retrieval", query=f"about {number}", positives=(text,), source="own")
    return Grouped(row=row, group=f"document {number // 3}", passage=str(number))


CORPUS = [(str(number), f"whole {number}") for number in range(3000)]


def parted(tmp_path, count=3000, *, cut=True, **settings):
    rows = [made(number, cut=cut) for number in range(count)]
    return hold_out(rows, count, CORPUS, tmp_path, HoldOutConfig(**settings))


def test_every_row_is_on_one_side_and_counted(tmp_path):
    parts = parted(tmp_path, max_queries=100)
    assert sum(parts.counts.values()) == 3000
    assert len(list(read_rows(parts.train))) == parts.counts["train"] > 2500
    assert 60 <= parts.counts["dev"] <= 100 and 60 <= parts.counts["gate"] <= 100


def test_rows_of_one_document_are_never_on_two_sides(tmp_path):
    parts = parted(tmp_path)
    trained = {int(row.query.split()[1]) // 3 for row in read_rows(parts.train)}
    judged = [
        {int(query.split()[1]) // 3 for query in load_beir(parts.judged, split).queries.values()}
        for split in ("dev", "gate")
    ]
    assert not trained & judged[0] and not trained & judged[1] and not judged[0] & judged[1]


def test_the_passage_that_a_query_was_cut_from_does_not_stand_beside_the_answer(tmp_path):
    dataset = load_beir(parted(tmp_path).judged, "gate")
    texts = {document.id: document.text for document in dataset.documents}
    for query, grades in dataset.qrels.items():
        number = dataset.queries[query].split()[1]
        assert [texts[name] for name in grades] == [f"body of {number}"]
        assert f"whole {number}" not in texts.values()
    assert dataset.num_missing_documents == 0


def test_of_a_passage_there_is_one_query(tmp_path):
    rows = [replace(made(number // 2), group=str(number // 2)) for number in range(3000)]
    parts = hold_out(rows, 3000, [], tmp_path, HoldOutConfig())
    queries = [*load_beir(parts.judged, "dev").queries.values(), *load_beir(parts.judged, "gate").queries.values()]
    assert len(queries) == len(set(queries)) == parts.counts["beyond"]


def test_an_answer_that_is_a_passage_stands_there_once(tmp_path):
    dataset = load_beir(parted(tmp_path, cut=False).judged, "dev")
    texts = [document.text for document in dataset.documents]
    assert len(texts) == len(set(texts)) == 3000


def test_other_documents_are_as_many_as_asked_for(tmp_path):
    parts = parted(tmp_path, max_documents=50)
    assert parts.num_documents == parts.counts["dev"] + parts.counts["gate"] + 50
    assert len((parts.judged / "corpus.jsonl").read_text().splitlines()) == parts.num_documents


def test_the_same_rows_are_parted_the_same_way(tmp_path):
    first, again = parted(tmp_path / "a"), parted(tmp_path / "b")
    assert first.train.read_text() == again.train.read_text()


def test_too_few_rows_a_bad_share_and_a_full_disk_are_told(tmp_path):
    with pytest.raises(DatasetError, match="fewer than 20"):
        parted(tmp_path, count=60)
    with pytest.raises(ConfigError):
        HoldOutConfig(share=0.5)
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError):
        parted(tmp_path / "file" / "below")


def test_odd_texts_survive(tmp_path):
    rows = [
        Grouped(row=TrainingRow(task="retrieval", query=f"q\t{n}\n", positives=("a\tb\n",)), group=str(n))
        for n in range(400)
    ]
    parts = hold_out(rows, 400, [], tmp_path, HoldOutConfig())
    dataset = load_beir(parts.judged, "dev")
    assert dataset.documents[0].text == "a\tb\n" and all("\t" in text for text in dataset.queries.values())
    assert json.loads(parts.train.read_text().splitlines()[0])["positives"] == ["a\tb\n"]
