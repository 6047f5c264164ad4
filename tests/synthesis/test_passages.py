"""Corpora: every line becomes a passage or is counted with a reason; encodings, columns, ids."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from embedrank.core.errors import ConfigError, DatasetError
from embedrank.core.settings import build
from embedrank.core.types import Document
from embedrank.synthesis.labels import labels_of
from embedrank.synthesis.languages import language_code, language_name
from embedrank.synthesis.passage import Passage
from embedrank.synthesis.passages import NoPassage, passage_of, read_passages
from embedrank.synthesis.passages_config import PassagesConfig


def written(path: Path, *rows: Any, encoding: str = "utf-8") -> Path:
    path.write_bytes("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode(encoding))
    return path


def read(*paths: Path, **settings: Any) -> list[Any]:
    return list(read_passages(PassagesConfig(corpus=tuple(map(str, paths)), **settings)))


def test_a_beir_folder_is_named_after_itself(tmp_path: Path) -> None:
    folder = tmp_path / "wiki"
    folder.mkdir()
    with gzip.open(folder / "corpus.jsonl.gz", "wt", encoding="utf-8") as file:
        file.write('{"_id": "p1", "title": "Sanskrit", "text": "It is old."}\n')
    (found,) = read(folder, lang="en")
    assert found == Passage(id="wiki/p1", text="It is old.", title="Sanskrit", source="wiki", lang="en")


def test_all_fields_are_read(tmp_path: Path) -> None:
    row = {"id": 7, "text": "t", "source": "s", "lang": "deu", "label": 3, "translations": {"eng_Latn": "x"}}
    (found,) = read(written(tmp_path / "a.jsonl", row))
    assert found == Passage(id="s/7", text="t", source="s", lang="de", label="3", translations={"en": "x"})


def test_pairs_and_other_columns_are_named(tmp_path: Path) -> None:
    path = written(tmp_path / "pairs.jsonl", {"sentence1": "a", "sentence2": "b", "lang": "afr_Latn", "id": 1})
    (found,) = read(path, translations={"en": "sentence2"}, columns={"id": []})
    assert (found.id, found.text, found.lang, found.translations) == ("pairs/1", "a", "af", {"en": "b"})
    (found,) = read(path, columns={"text": "sentence2", "title": ["no", "sentence1"]})
    assert (found.text, found.title) == ("b", "a")


def test_bad_rows_are_told_by_reason_and_do_not_end_the_reading(tmp_path: Path) -> None:
    path = tmp_path / "bad.jsonl"
    lines = [
        *(b'{"_id": "a", "text": "good"}', b"", b"not json", b"[1]", b'{"_id": "b"}', b'{"_id": "c", "text": " "}'),
        *(b'{"_id": "d", "text": 5}', b'{"_id": ["e"], "text": "x"}', b'{"_id": "a", "text": "again"}'),
        *(b'{"_id": "f", "text": "caf\xe9"}', b'{"_id": "g", "text": "x", "translations": {"de": 1}}'),
        *(b'{"_id": "h", "text": "\\ud800"}', b'{"_id": "i", "text": "' + b"x" * 60 + b'"}', b"[" * 100_000),
        b'{"_id": "last", "text": "good"}',
    ]
    path.write_bytes(b"\n".join(lines))
    found = read(path, max_chars=50)
    assert [item.id for item in found if isinstance(item, Passage)] == ["bad/a", "bad/last"]
    left_out = [item for item in found if isinstance(item, NoPassage)]
    assert Counter(item.reason for item in left_out) == {
        **{"not JSON": 2, "not an object": 1, "no text": 3, "bad id": 1, "duplicate id": 1, "not UTF-8": 1},
        **{"bad translations": 1, "unwritable text": 1, "too long": 1},
    }
    assert left_out[0].where == f"{path} line 3"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_encodings_with_a_mark_are_read(tmp_path: Path, encoding: str) -> None:
    (found,) = read(written(tmp_path / "a.jsonl", {"_id": "1", "text": "größer 梵文"}, encoding=encoding))
    assert found.text == "größer 梵文"


def test_damaged_and_missing_files_end_the_reading(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="there is no such file"):
        read_passages(PassagesConfig(corpus=(str(tmp_path / "no.jsonl"),)))
    with pytest.raises(DatasetError, match="no file of this name"):
        read_passages(PassagesConfig(corpus=(str(tmp_path / "*.jsonl"),)))
    with pytest.raises(DatasetError, match=r"without corpus\.jsonl"):
        read_passages(PassagesConfig(corpus=(str(tmp_path),)))
    cut = tmp_path / "cut.jsonl.gz"
    cut.write_bytes(gzip.compress(b'{"_id": "1", "text": "x"}\n' * 999)[:-20])
    with pytest.raises(DatasetError, match="cannot be read"):
        read(cut)


def test_sets_with_the_same_ids_do_not_meet(tmp_path: Path) -> None:
    paths = [written(tmp_path / f"{name}.jsonl", {"_id": "p1", "text": name}) for name in "ab"]
    assert [item.id for item in read(*paths)] == ["a/p1", "b/p1"]
    assert [item.id for item in read(tmp_path / "*.jsonl")] == ["a/p1", "b/p1"]
    assert isinstance(read(*paths, source="one")[1], NoPassage)


def test_code_is_told_by_its_language_or_by_the_settings(tmp_path: Path) -> None:
    path = written(tmp_path / "a.jsonl", *({"_id": lang, "text": "x", "lang": lang} for lang in ("C++", "en")))
    assert [(item.lang, item.is_code) for item in read(path)] == [("cpp", True), ("en", False)]
    assert [item.is_code for item in read(path, is_code=True)] == [True, True]


def test_documents_of_the_index_become_passages() -> None:
    document = Document(id="a.md", text="body", title="T", metadata={"lang": "fr", "pages": 3})
    found = passage_of(document, PassagesConfig())
    assert found == Passage(id="documents/a.md", text="body", title="T", source="documents", lang="fr")
    assert passage_of(Document(id="b", text=""), PassagesConfig()) == NoPassage(where="b", reason="no text")


def test_labels_are_collected_by_set() -> None:
    found = [
        Passage(id="1", text="x", source="a", label="y"),
        Passage(id="2", text="x", source="a", label="x"),
        Passage(id="3", text="x", source="b"),
        NoPassage(where="4", reason="no text"),
    ]
    assert labels_of(found) == {"a": ("x", "y")}


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"columns": {"body": "x"}}, "must be one of id, text"),
        ({"columns": {"text": []}}, "a passage needs a text"),
        ({"columns": {"id": [1]}}, "must be names of fields"),
        ({"min_chars": 0}, "at least 1"),
        ({"min_chars": 9, "max_chars": 8}, "is more than max_chars"),
        ({"corpus": [""]}, "must be names"),
        ({"folder": "x"}, "unknown key"),
    ],
)
def test_unsound_settings_are_refused(settings: dict[str, Any], problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        build(PassagesConfig, settings)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("zh-TW", "zh"),
        ("arb_Arab", "ar"),
        ("ENG", "en"),
        ("bem", "bem"),
        ("C#", "csharp"),
        ("Python", "python"),
        ("xx", "xx"),
    ],
)
def test_languages_go_by_one_code(code: str, expected: str) -> None:
    assert language_code(code) == expected


def test_languages_have_names_for_prompts() -> None:
    assert [language_name(code) for code in ("de", "cpp", "bem", "xx")] == ["German", "C++", "Bemba", "xx"]
