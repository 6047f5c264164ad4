import pytest

from embedrank.core.errors import DatasetError
from embedrank.evaluation.contamination import contamination
from tests.evaluation.beir_folder import write_beir
from tests.evaluation.pair_folder import write_rows

LONG = "The lynx hunts hares at dusk and rests during the day in hollow trees or below rocks, far from any village."


@pytest.fixture
def folder(tmp_path):
    corpus = [{"_id": "a", "title": "Lynx", "text": LONG}, {"_id": "b", "text": "Nobody asks for this."}]
    queries = [{"_id": "q1", "text": "Where does the lynx rest?"}]
    return write_beir(tmp_path / "cats", corpus=corpus, queries=queries, qrels="q1\ta\t1\nq1\tb\t0\n")


def found(tmp_path, folder, *rows):
    return contamination(write_rows(tmp_path, "rows", rows) / "rows.jsonl", [folder])[0]


def row(query, *positives, negatives=()):
    return {"task": "retrieval", "query": query, "positives": list(positives), "negatives": list(negatives)}


def test_texts_that_stand_in_the_rows_are_counted_whatever_their_form(tmp_path, folder):
    rows = [row("where does THE LYNX rest", "in trees"), row("hares", LONG), row("this", "Nobody asks for this.")]
    finding = found(tmp_path, folder, *rows)
    assert (finding.num_known_queries, finding.num_queries) == (1, 1)
    assert (finding.num_known_documents, finding.num_documents) == (1, 2)  # with its title it is another text
    assert (finding.num_rows_alike, finding.num_rows) == (2, 3)
    assert "2 of 3 rows hold texts of it" in finding.sentence


def test_a_text_taken_in_part_counts_the_row_and_no_text(tmp_path, folder):
    finding = found(tmp_path, folder, row("hares", LONG[:80]), row("hares", "x", negatives=[LONG[10:90]]))
    assert (finding.num_known_documents, finding.num_rows_alike) == (0, 2)


def test_rows_that_share_nothing_say_so(tmp_path, folder):
    assert found(tmp_path, folder, row("ships", "Ferries cross the river.")).sentence == (
        "cats: none of 1 training rows holds a text of it"
    )


def test_rows_without_texts_are_refused(tmp_path, folder):
    with pytest.raises(DatasetError, match=r"line 2: has none of the fields query, .*\(there are prompt\)"):
        found(tmp_path, folder, row("a", "b"), {"prompt": "x"})
