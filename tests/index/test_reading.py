"""Every format becomes text; what cannot be read is skipped with its reason and stops nothing."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from embedrank.core.errors import InvalidInputError
from embedrank.core.types import Document, Skipped
from embedrank.index.ingest import find_files, read_file, walk


def documents(path: Path) -> list[Document]:
    return [item for item in read_file(path) if isinstance(item, Document)]


def reason(path: Path) -> str:
    [item] = list(read_file(path))
    assert isinstance(item, Skipped), item
    assert str(path) in item.name
    return item.reason


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("utf-8", "naïve 梵文"),
        ("utf-8-sig", "naïve 梵文"),
        ("utf-16", "naïve 梵文"),
        ("gb18030", "在歐洲，梵語的學術研究。" * 20),
    ],
)
def test_text_is_decoded_whatever_its_encoding(encoding: str, text: str, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(text.encode(encoding))
    assert documents(tmp_path / "a.txt")[0].text.strip() == text


def test_binary_empty_and_broken_files_are_skipped_with_a_reason(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(bytes(range(256)) * 20)
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.4\ntruncated")
    (tmp_path / "a.docx").write_bytes(b"PK\x03\x04 not a zip")
    assert "binary" in reason(tmp_path / "a.bin")
    assert reason(tmp_path / "a.pdf")
    assert reason(tmp_path / "a.docx")


def test_a_file_that_vanishes_is_skipped(tmp_path: Path) -> None:
    assert reason(tmp_path / "gone.txt")


def test_html_loses_its_markup_and_keeps_its_title(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(
        "<html><head><title>Tin</title><script>evil()</script></head><body><h1>Tin</h1><p>It bends.</p></body></html>"
    )
    [document] = documents(tmp_path / "a.html")
    assert document.title == "Tin"
    assert "It bends." in document.text
    assert "evil" not in document.text


def test_rows_of_tables_and_json_lines_become_documents(tmp_path: Path) -> None:
    with (tmp_path / "a.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["title", "text"], ["one", "first, row"], ["two", "second"]])
    assert len(documents(tmp_path / "a.csv")) == 2
    assert "first, row" in documents(tmp_path / "a.csv")[0].text
    good = json.dumps({"_id": "7", "title": "t", "text": "body", "lang": "en"})
    (tmp_path / "b.jsonl").write_text(good + "\nnot json\n" + json.dumps({"no": "text"}) + "\n")
    items = list(read_file(tmp_path / "b.jsonl"))
    [document] = [item for item in items if isinstance(item, Document)]
    assert (document.title, document.text, document.metadata.get("lang")) == ("t", "body", "en")
    assert sum(isinstance(item, Skipped) for item in items) == 2


def test_word_and_pdf_files_are_read(tmp_path: Path) -> None:
    docx = pytest.importorskip("docx")
    written = docx.Document()
    written.add_heading("Metals", 1)
    written.add_paragraph("Tin bends with a cry.")
    written.save(str(tmp_path / "a.docx"))
    assert "Tin bends with a cry." in documents(tmp_path / "a.docx")[0].text
    pypdf = pytest.importorskip("pypdf")
    writer = pypdf.PdfWriter()
    writer.add_blank_page(width=100, height=100)
    writer.write(str(tmp_path / "blank.pdf"))
    assert not [document for document in documents(tmp_path / "blank.pdf") if document.text.strip()]


def test_ten_megabytes_of_text_are_read(tmp_path: Path) -> None:
    (tmp_path / "big.txt").write_text("A line of text that repeats.\n" * 370_000)
    assert len(documents(tmp_path / "big.txt")[0].text) > 10_000_000


def test_folders_are_walked_in_order_without_hidden_and_foreign_parts(tmp_path: Path) -> None:
    for name in ("b.txt", "a.txt", "sub/c.py", ".git/config", "node_modules/x.js", ".hidden"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("text")
    (tmp_path / "loop").symlink_to(tmp_path)
    found = [str(path.relative_to(tmp_path)) for path in find_files([tmp_path]) if isinstance(path, Path)]
    assert found == ["a.txt", "b.txt", "sub/c.py"]


def test_a_missing_path_is_an_error_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="nowhere"):
        list(walk([tmp_path, tmp_path / "nowhere"]))
