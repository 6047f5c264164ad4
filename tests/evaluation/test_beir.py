import pytest

from embedrank.core.errors import DatasetError
from embedrank.evaluation.beir import load_beir
from embedrank.evaluation.report import notes
from embedrank.evaluation.subset import sample_queries, shared_prefix, with_prefix
from tests.evaluation.beir_folder import CORPUS, QRELS, QUERIES, write_beir


@pytest.mark.parametrize("zipped", [False, True])
def test_a_folder_is_read_plain_and_gzipped(tmp_path, zipped):
    dataset = load_beir(write_beir(tmp_path, zipped=zipped), "test")
    assert [document.id for document in dataset.documents] == ["en:1", "en:2", "de:1", "en:3"]
    assert dataset.documents[0].title == "Bears"
    assert list(dataset.queries) == ["q1", "q2"]
    assert dataset.qrels == {"q1": {"en:1": 2, "en:2": 1}, "q2": {"en:3": 1}}


def test_the_header_line_is_optional(tmp_path):
    with_header = load_beir(write_beir(tmp_path / "a"), "test").qrels
    assert load_beir(write_beir(tmp_path / "b", qrels=QRELS.partition("\n")[2]), "test").qrels == with_header


def test_trec_qrels_with_four_columns_are_read(tmp_path):
    assert load_beir(write_beir(tmp_path, qrels="q1 0 en:1 2\n"), "test").qrels == {"q1": {"en:1": 2}}


@pytest.mark.parametrize(
    ("qrels", "problem"),
    [
        ("query-id\tcorpus-id\tscore\nq1\ten:1\tgood\n", r"test\.tsv line 2: score 'good' is not an integer"),
        ("q1\ten:1\t1\nq1\ten:1\n", r"test\.tsv line 2: expected 3 tab-separated fields, found 2"),
    ],
)
def test_a_malformed_judgement_is_named_with_its_line(tmp_path, qrels, problem):
    with pytest.raises(DatasetError, match=problem):
        load_beir(write_beir(tmp_path, qrels=qrels), "test")


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("{not json", "line 5: is not JSON"),
        ('["a"]', "line 5: is not a JSON object"),
        ('{"_id": 7, "text": "x"}', "line 5: field '_id' is missing or not a string"),
        ('{"_id": "x"}', "line 5: field 'text' is missing"),
    ],
)
def test_a_malformed_corpus_row_is_named_with_its_line(tmp_path, line, problem):
    folder = write_beir(tmp_path)
    with (folder / "corpus.jsonl").open("a") as file:
        file.write(line + "\n")
    with pytest.raises(DatasetError, match=problem):
        load_beir(folder, "test")


def test_bytes_that_are_no_text_are_a_dataset_error(tmp_path):
    folder = write_beir(tmp_path)
    (folder / "queries.jsonl").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DatasetError, match="cannot be read"):
        load_beir(folder, "test")


def test_a_broken_gzip_is_a_dataset_error(tmp_path):
    folder = write_beir(tmp_path, zipped=True)
    whole = (folder / "corpus.jsonl.gz").read_bytes()
    (folder / "corpus.jsonl.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DatasetError, match="cannot be read"):
        load_beir(folder, "test")


def test_missing_parts_are_named(tmp_path):
    with pytest.raises(DatasetError, match="no such folder"):
        load_beir(tmp_path / "nowhere", "test")
    folder = write_beir(tmp_path)
    with pytest.raises(DatasetError, match="no qrels for split 'dev'; there are test"):
        load_beir(folder, "dev")
    (folder / "corpus.jsonl").unlink()
    with pytest.raises(DatasetError, match=r"no corpus\.jsonl"):
        load_beir(folder, "test")


def test_everything_left_out_is_counted(tmp_path):
    qrels = QRELS + "q9\ten:1\t1\nq2\ten:99\t1\n"
    dataset = load_beir(write_beir(tmp_path, qrels=qrels, corpus=[*CORPUS, CORPUS[0]]), "test")
    counts = (dataset.num_unjudged_queries, dataset.num_missing_queries, dataset.num_repeated_documents)
    assert (*counts, dataset.num_missing_documents) == (1, 1, 1, 1)
    assert len(notes(dataset)) == 4


def test_repeated_queries_and_blank_documents_are_counted(tmp_path):
    queries = [*QUERIES, {"_id": "q1", "text": "another text of the same id"}]
    corpus = [*CORPUS, {"_id": "en:9", "title": " ", "text": ""}]
    dataset = load_beir(write_beir(tmp_path, queries=queries, corpus=corpus), "test")
    assert dataset.queries["q1"] == QUERIES[0]["text"]
    assert (dataset.num_repeated_queries, dataset.num_blank_documents) == (1, 1)
    assert {
        "1 rows of queries.jsonl repeat an earlier id and were left out",
        "1 documents have no text and can hardly be found",
    } <= set(notes(dataset))


def test_a_query_with_only_irrelevant_judgements_is_left_out(tmp_path):
    dataset = load_beir(write_beir(tmp_path, qrels=QRELS + "q3\ten:1\t0\n"), "test")
    assert "q3" not in dataset.queries
    assert dataset.num_unjudged_queries == 1


def test_a_split_without_any_query_is_refused(tmp_path):
    with pytest.raises(DatasetError, match="judges none of the queries"):
        load_beir(write_beir(tmp_path, qrels="q3\ten:1\t0\n"), "test")


def test_a_prefix_shared_by_all_judged_documents_is_found(tmp_path):
    dataset = load_beir(write_beir(tmp_path), "test")
    assert shared_prefix(dataset) == "en:"
    smaller = with_prefix(dataset, "en:")
    assert [document.id for document in smaller.documents] == ["en:1", "en:2", "en:3"]
    assert "corpus restricted to ids that start with 'en:'" in notes(smaller)[-1]


def test_judgements_of_two_prefixes_share_none(tmp_path):
    dataset = load_beir(write_beir(tmp_path, qrels=QRELS + "q1\tde:1\t0\n"), "test")
    assert shared_prefix(dataset) == ""


def test_a_prefix_of_the_whole_corpus_restricts_nothing(tmp_path):
    rows = [row for row in CORPUS if row["_id"] != "de:1"]
    assert shared_prefix(load_beir(write_beir(tmp_path, corpus=rows), "test")) == ""


def test_addresses_are_no_prefix(tmp_path):
    rows = [{"_id": "http://a", "text": "one"}, {"_id": "ftp://b", "text": "two"}]
    dataset = load_beir(write_beir(tmp_path, corpus=rows, qrels="q1\thttp://a\t1\n"), "test")
    assert shared_prefix(dataset) == ""


def test_a_prefix_that_fits_nothing_is_refused(tmp_path):
    with pytest.raises(DatasetError, match="no document id starts with 'fr:'"):
        with_prefix(load_beir(write_beir(tmp_path), "test"), "fr:")


def test_a_sample_is_seeded_keeps_order_and_says_so(tmp_path):
    queries = [{"_id": f"q{n}", "text": "bear"} for n in range(30)]
    dataset = load_beir(
        write_beir(tmp_path, queries=queries, qrels="".join(f"q{n}\ten:1\t1\n" for n in range(30))), "test"
    )
    first, again = sample_queries(dataset, 5, seed=1), sample_queries(dataset, 5, seed=1)
    assert list(first.queries) == list(again.queries) == list(first.qrels)
    assert list(first.queries) == [name for name in dataset.queries if name in first.queries]
    assert list(sample_queries(dataset, 5, seed=2).queries) != list(first.queries)
    assert "a seeded sample of 5 of 30 queries" in notes(first)
    assert sample_queries(dataset, 30, seed=1) is dataset


def test_the_shared_sets_are_read_and_restricted(shared_data):
    xquad = load_beir(shared_data / "xquad", "test.en-zh")
    assert shared_prefix(xquad) == "zh:"
    assert len(with_prefix(xquad, "zh:").documents) == 240
    assert shared_prefix(load_beir(shared_data / "xquad", "test.en-pool")) == ""
    assert shared_prefix(load_beir(shared_data / "cranfield", "test")) == ""
