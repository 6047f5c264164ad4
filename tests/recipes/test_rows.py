"""The training rows hold no evaluation text, and every drop is counted."""

from pathlib import Path

import pytest
import rows as rows_script
from rowmaking.contamination import collect_eval_texts
from rowmaking.reading import read_jsonl
from rowmaking.row import cut, tidy_code, tidy_prose
from rowmaking.sentences import sentences_of
from rowmaking.source import Source, load_sources
from rowmaking.weak_code import name_words

from embedrank.core.same_text import folded


def source(**changes) -> Source:
    return Source(
        **{"name": "tiny", "kind": "retrieval", "set": "tiny", "instruction": "find it", "lang": "en", **changes}
    )


def made(data: Path, out: Path, *sources: Source) -> tuple[dict, dict]:
    counts = rows_script.make_all(data, out, list(sources))
    rows = {c.name: list(read_jsonl(out / f"{c.name}.jsonl")) for c in counts}
    return rows, {c.name: c for c in counts}


def test_rows_that_repeat_evaluation_texts_are_dropped_and_counted(data, tmp_path):
    rows, counts = made(data, tmp_path / "out", source())
    assert [r["query"] for r in rows["tiny"]] == ["where is the bear", "lynx food"]
    assert counts["tiny"].dropped == {"query_is_eval_query": 1, "positive_is_eval_document": 1}
    assert counts["tiny"].kept == 2


def test_no_text_of_a_test_or_dev_split_reaches_any_row(data, tmp_path):
    kinds = [source(), source(name="weak_title", kind="title"), source(name="weak_crop", kind="crop", per_document=3)]
    rows, counts = made(data, tmp_path / "out", *kinds)
    seen = collect_eval_texts(data)
    texts = [t for part in rows.values() for r in part for t in [r["query"], *r["positives"]]]
    assert texts
    assert not [t for t in texts if seen.holds(t) or "lynx lives" in t.lower() or "wolf lives" in t.lower()]
    assert counts["weak_crop"].dropped["eval_documents_skipped"] == 3


def test_passage_that_shares_half_its_sentences_with_an_evaluation_document_is_found(data):
    seen = collect_eval_texts(data)
    shared = "It is well known that the wolf of the northern forest sleeps under the tallest tree."
    assert not seen.overlaps(shared)
    seen.add_document({"text": f"{shared} More."})
    assert seen.overlaps(f"Another beginning. {shared.upper()}")
    assert not seen.overlaps(f"{shared} {shared.replace('wolf', 'bear')} {shared.replace('wolf', 'hare')}")


def test_document_is_title_line_then_text(data, tmp_path):
    rows, _ = made(data, tmp_path / "out", source())
    assert rows["tiny"][0]["positives"][0].startswith("Bear\nThe bear lives")


def test_crop_query_is_not_in_its_own_passage(data, tmp_path):
    rows, _ = made(data, tmp_path / "out", source(name="weak_crop", kind="crop", per_document=3))
    assert rows["weak_crop"]
    assert not [r for r in rows["weak_crop"] if r["query"] in r["positives"][0]]


def test_rows_are_the_same_in_every_run(data, tmp_path):
    crop = source(name="weak_crop", kind="crop", per_document=2, cap=3)
    assert made(data, tmp_path / "a", crop)[0] == made(data, tmp_path / "b", crop)[0]


def test_cap_is_counted(data, tmp_path):
    _, counts = made(data, tmp_path / "out", source(cap=1))
    assert (counts["tiny"].kept, counts["tiny"].dropped["over_cap"]) == (1, 1)


def test_set_without_open_licence_is_refused(data, tmp_path):
    with pytest.raises(ValueError, match="not under an open licence"):
        made(data, tmp_path / "out", source(set="closed"))


@pytest.mark.parametrize("name", ["xquad", "qed_nq", "squad_it"])
def test_test_only_set_is_refused(name):
    with pytest.raises(ValueError, match="testing only"):
        source(set=name)


def test_table_of_sources_loads_and_names_are_unique():
    sources = load_sources(Path(rows_script.__file__).with_name("sources.yaml"))
    assert len({s.name for s in sources}) == len(sources) > 40
    assert {s.kind for s in sources} == {*rows_script.KINDS, *rows_script.WEAK_KINDS}


def test_unknown_key_in_the_table_is_an_error(tmp_path):
    table = tmp_path / "sources.yaml"
    table.write_text("instructions: {a: b}\nsources:\n  - {name: x, kind: crop, instruction: a, colour: red}\n")
    with pytest.raises(TypeError):
        load_sources(table)


def test_fold_ignores_case_space_and_punctuation_but_keeps_vowel_signs():
    assert folded("Who is it?") == folded("WHO  is-it") == folded("ＷＨＯ　ｉｓ　ｉｔ？")
    assert folded("ปู") != folded("ปี")
    assert folded("...") == "..."


def test_tidying_keeps_indentation_of_code_only():
    assert tidy_code("def f():\n    return 1  \n\n\n\n") == "def f():\n    return 1"
    assert tidy_prose("a  b\t c \n\n\n d") == "a b c\n\nd"


def test_cut_ends_at_a_word():
    assert cut("one two three four", 14) == "one two three"
    assert cut("short", 14) == "short"


def test_sentences_of_scripts_with_and_without_blanks():
    assert sentences_of("今天下雨。明天晴天！好") == ["今天下雨。", "明天晴天！", "好"]
    assert sentences_of("One here. Two there? Three.") == ["One here.", "Two there?", "Three."]


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("def read_http_body(x):\n    pass", "read http body"),
        ("func (g *Graph) AddVertex(v int) {", "add vertex"),
        ("public static <T> int countMatches(final T x) {", "count matches"),
        ("public function whereNot($c)", "where not"),
        ("pub fn int_to_roman(n: u32) -> String {", "int to roman"),
    ],
)
def test_name_words_of_several_languages(code, words):
    assert name_words(code) == words
