import os

import pytest

from embedrank.core.durable import replace_durably


def test_a_text_takes_the_place_of_another(tmp_path):
    path = tmp_path / "journal.json"
    for text in ("first", "第二"):
        replace_durably(path, text)
        assert path.read_text(encoding="utf-8") == text
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_cannot_be_replaced_stays_as_it_was(tmp_path, monkeypatch):
    path = tmp_path / "journal.json"
    path.write_text("first")

    def full(number):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        replace_durably(path, "second")
    assert path.read_text() == "first" and list(tmp_path.iterdir()) == [path]
