import json

import pytest

from embedrank.core.errors import OverloadedError
from embedrank.serving.searching.thumbs import ROWS, THUMBS, Thumb, Thumbs
from embedrank.training.rows import read_rows


def _thumb(query, name, verdict, text=None):
    return Thumb(query=query, chunk_id=name, document_id=name, text=text or f"text of {name}", thumb=verdict)


@pytest.fixture
def thumbs(tmp_path):
    return Thumbs(tmp_path, max_thumbs=100)


def test_rows_are_what_tune_reads_one_for_each_query_with_something_good(thumbs, tmp_path):
    thumbs.add(_thumb("wolves", "a", "up"))
    thumbs.add(_thumb("wolves", "b", "down"))
    tally = thumbs.add(_thumb("owls", "c", "down"))
    (row,) = read_rows(tmp_path / ROWS)
    assert (row.query, row.positives, row.negatives) == ("wolves", ("text of a",), ("text of b",))
    assert (row.source, row.document_ids) == ("feedback", ("a", "b"))
    assert (tally.thumbs, tally.up, tally.down, tally.rows, tally.waiting) == (3, 1, 2, 1, 1)
    assert thumbs.rows() == (tmp_path / ROWS).read_text(encoding="utf-8")


def test_the_last_word_counts_and_can_be_taken_back(thumbs, tmp_path):
    thumbs.add(_thumb("wolves", "a", "up"))
    thumbs.add(_thumb("wolves", "a", "down"))
    assert thumbs.of_query("wolves") == {"a": "down"}
    tally = thumbs.add(_thumb("wolves", "a", "none"))
    assert (thumbs.of_query("wolves"), tally.up, tally.down, tally.waiting) == ({}, 0, 0, 0)
    assert len((tmp_path / THUMBS).read_text(encoding="utf-8").splitlines()) == 3


def test_everything_is_there_again_after_a_restart(thumbs, tmp_path):
    thumbs.add(_thumb("wolves", "a", "up", text="line\nbreak \u2028 and 🐺"))
    again = Thumbs(tmp_path, max_thumbs=100)
    assert again.of_query("wolves") == {"a": "up"}
    assert again.rows() == thumbs.rows()


def test_a_line_cut_off_by_a_kill_spoils_no_other_and_is_counted(thumbs, tmp_path):
    thumbs.add(_thumb("wolves", "a", "up"))
    with (tmp_path / THUMBS).open("ab") as file:
        file.write(b'{"query": "owls", "chu')
    again = Thumbs(tmp_path, max_thumbs=100)
    again.add(_thumb("bears", "b", "up"))
    last = Thumbs(tmp_path, max_thumbs=100)
    assert (last.of_query("wolves"), last.of_query("bears")) == ({"a": "up"}, {"b": "up"})
    assert last.tally().damaged == 1


def test_no_more_are_taken_than_may_be(tmp_path):
    thumbs = Thumbs(tmp_path, max_thumbs=1)
    thumbs.add(_thumb("wolves", "a", "up"))
    with pytest.raises(OverloadedError):
        thumbs.add(_thumb("wolves", "b", "up"))
    assert len((tmp_path / THUMBS).read_text(encoding="utf-8").splitlines()) == 1


def test_feedback_over_http_is_on_disk_shows_on_the_hit_and_comes_as_rows(searched, folder):
    async def work(client):
        body = {"query": "brown", "chunk_id": "bear#0", "thumb": "up", "rank": 1}
        tally = (await client.post("/feedback", json=body)).json()
        written = (folder / "feedback" / THUMBS).read_text(encoding="utf-8")
        hits = (await client.post("/search", json={"query": "brown"})).json()["hits"]
        return tally, written, hits, await client.get("/feedback/rows"), (await client.get("/feedback")).json()

    tally, written, hits, rows, counted = searched(work)
    assert json.loads(written)["text"] == "The brown bear catches salmon in the river."
    assert {hit["document_id"]: hit["thumb"] for hit in hits} == {"bear": "up", "a/fox.md": None, "zug": None}
    assert tally == counted and tally["rows"] == 1
    assert json.loads(rows.text)["positives"] == ["The brown bear catches salmon in the river."]


def test_a_thumb_on_what_is_not_there_is_refused(searched):
    body = {"query": "brown", "chunk_id": "none#0", "thumb": "up"}
    response = searched(lambda client: client.post("/feedback", json=body))
    assert response.status_code == 400
    assert "no chunk 'none#0'" in response.json()["error"]["message"]
