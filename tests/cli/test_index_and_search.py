import json

import pytest

from tests.cli.command_line import assert_one_error_line, fake_wiring, listening_wiring, no_models, say
from tests.search.fakes import BagEncoder


@pytest.fixture(scope="module")
def docs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("docs")
    (folder / "bear.md").write_text("# Bears\n\n## Food\n\nThe brown bear catches salmon in the river.\n")
    (folder / "boat.txt").write_text("The boat crosses the river at night.\n")
    (folder / "邮票.txt").write_text("世界上的第一枚邮票是英国发行的。\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def index(docs, tmp_path_factory):
    from embedrank.cli.app import run

    folder = tmp_path_factory.mktemp("index") / "idx"
    assert run(["index", str(docs), "--to", str(folder)], fake_wiring()) == 0
    return folder


def test_index_reports_what_it_did_and_a_second_run_has_nothing_to_do(capsys, docs, tmp_path):
    first = say(capsys, "index", docs, "--to", tmp_path / "i", "--json")
    assert first.code == 0
    report = json.loads(first.out)
    assert (report["added"], report["num_documents"], report["skipped"]) == (3, 3, [])
    second = say(capsys, "index", docs, "--to", tmp_path / "i")
    assert "3 unchanged" in second.out


def test_a_changed_and_a_removed_file_are_followed(capsys, tmp_path):
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "a.txt").write_text("alpha")
    (docs / "b.txt").write_text("beta")
    say(capsys, "index", docs, "--to", tmp_path / "i")
    (docs / "a.txt").write_text("alpha gamma")
    (docs / "b.txt").unlink()
    report = json.loads(say(capsys, "index", docs, "--to", tmp_path / "i", "--json").out)
    assert (report["updated"], report["removed"], report["num_documents"]) == (1, 1, 1)


def test_files_that_cannot_be_read_are_listed_and_the_rest_is_indexed(capsys, tmp_path):
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "good.txt").write_text("good text")
    (docs / "bad.txt").write_bytes(b"\x00\x01\x02\xff" * 100)
    said = say(capsys, "index", docs, "--to", tmp_path / "i")
    assert said.code == 0
    assert "1 added" in said.out
    assert "skipped" in said.err and "bad.txt" in said.err


def test_search_shows_place_title_snippet_and_reason(capsys, index, docs):
    said = say(capsys, "search", "what does the brown bear catch", "--in", index)
    assert said.code == 0
    assert "bear.md:" in said.out.splitlines()[0]
    assert "Bears" in said.out and "catches salmon" in said.out
    assert "dense #1 " in said.out and "rerank #1 " in said.out
    assert "hits in" in said.err


def test_search_json_holds_the_whole_story_and_nothing_else(capsys, index):
    said = say(capsys, "search", "river boat", "--in", index, "--top", 2, "--json")
    answer = json.loads(said.out)
    assert said.err == "" and len(answer["hits"]) == 2
    hit = answer["hits"][0]
    assert hit["path"].endswith("boat.txt") and hit["start_line"] == 1
    assert set(hit["stages"]) == {"dense", "lexical", "fused", "rerank"}
    assert [hit["text"][low:high] for low, high in hit["highlights"]] == ["boat", "river"]


def test_no_rerank_leaves_the_stage_out(capsys, index):
    answer = json.loads(say(capsys, "search", "river", "--in", index, "--no-rerank", "--json").out)
    assert "rerank" not in answer["hits"][0]["stages"]


def test_a_filter_keeps_matching_files(capsys, index):
    answer = json.loads(say(capsys, "search", "river", "--in", index, "--filter", "path=*.txt", "--json").out)
    assert {hit["path"].rsplit(".", 1)[1] for hit in answer["hits"]} == {"txt"}


def test_chinese_is_found_by_its_words(capsys, index):
    answer = json.loads(say(capsys, "search", "第一枚邮票", "--in", index, "--mode", "lexical", "--json").out)
    assert answer["hits"][0]["path"].endswith("邮票.txt")


def test_nothing_found_is_said_and_is_no_error(capsys, index):
    said = say(capsys, "search", "xylophone", "--in", index, "--mode", "lexical")
    assert (said.code, said.out, said.err.strip()) == (0, "", "nothing found")


@pytest.mark.parametrize("width", [30, 80])
def test_no_line_but_a_path_is_wider_than_the_terminal(capsys, index, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))
    said = say(capsys, "search", "the brown bear and the river", "--in", index)
    assert all(len(line) <= width for line in said.out.splitlines() if ".md" not in line and ".txt" not in line)


def test_the_environment_names_the_index(capsys, index, monkeypatch):
    monkeypatch.setenv("EMBEDRANK_INDEX", str(index))
    assert say(capsys, "search", "river").code == 0


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["search", "", "--in", "INDEX"], "query: is empty"),
        (["search", " \t", "--in", "INDEX"], "query: is empty"),
        (["search", "bear", "--in", "NOWHERE"], "no index at"),
        (["search", "bear", "--in", "s3://bucket/index"], "not supported"),
        (["search", "bear", "--in", "INDEX", "--filter", "lang"], "'lang' is not key=value"),
        (["search", "bear", "--in", "INDEX", "--top", "0"], "search.top = 0: must be 1 or more"),
        (["search", "bear", "--in", "INDEX", "--fusion", "sum"], "must be one of rrf"),
        (["search", "bear", "--in", "INDEX", "--rerank-weight", "2"], "must be in 0..1"),
        (["index", "DOCS", "--to", ""], "index: has an empty name"),
        (["index", "NOWHERE", "--to", "NEW"], "there is no such file or folder"),
        (["index", "DOCS", "--to", "FILE"], "is a file, not a folder"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2_before_any_model_is_loaded(
    capsys, index, docs, tmp_path, arguments, part
):
    named = {
        "INDEX": index,
        "NOWHERE": tmp_path / "nowhere",
        "NEW": tmp_path / "new",
        "DOCS": docs,
        "FILE": docs / "boat.txt",
    }
    said = say(capsys, *[named.get(word, word) for word in arguments], wiring=no_models())
    assert_one_error_line(said, part)
    assert not (tmp_path / "new").exists()


def test_another_model_is_refused_by_search_and_by_index(capsys, index, docs):
    other = fake_wiring(BagEncoder(fingerprint="other", name="other"))
    for arguments in (["search", "bear", "--in", index], ["index", docs, "--to", index]):
        assert_one_error_line(say(capsys, *arguments, wiring=other), "was built with model_fingerprint 'bag-1'")


def test_more_dimensions_than_are_stored_are_refused(capsys, index):
    assert_one_error_line(say(capsys, "search", "bear", "--in", index, "--dim", 512), "512 is more than the 256")
    assert say(capsys, "search", "bear", "--in", index, "--dim", 64).code == 0


def test_an_index_of_fewer_dimensions_is_searched_with_as_many(capsys, docs, tmp_path):
    assert say(capsys, "index", docs, "--to", tmp_path / "i", "--dim", 64).code == 0
    assert say(capsys, "search", "brown bear", "--in", tmp_path / "i").code == 0
    assert_one_error_line(say(capsys, "index", docs, "--to", tmp_path / "i", "--dim", 32), "was built with dim 64")
    assert_one_error_line(say(capsys, "index", docs, "--to", tmp_path / "j", "--dim", 999), "999 is not in 1..256")
    assert not (tmp_path / "j").exists()


def test_both_models_are_loaded_as_asked_for(capsys, index, docs, tmp_path):
    heard, how = [], {"dtype": "bf16", "device": "cpu"}
    options = ("--dtype", "bf16", "--device", "cpu")
    say(capsys, "index", docs, "--to", tmp_path / "i", *options, wiring=listening_wiring(heard))
    say(capsys, "search", "bear", "--in", index, *options, wiring=listening_wiring(heard))
    assert [asked for _, asked in heard] == [how, how, how]
