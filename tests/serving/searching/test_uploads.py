import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedrank.core.errors import InvalidInputError
from embedrank.core.types import Skipped
from embedrank.serving.searching.uploads import Uploads, safe_name


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("report.pdf", "report.pdf"),
        ("docs/a/report.pdf", "docs/a/report.pdf"),
        ("../../etc/passwd", "etc/passwd"),
        ("C:\\Users\\me\\x.txt", "C_/Users/me/x.txt"),
        (".env", "env"),
        ("a\0b\n.txt", "a_b_.txt"),
        ("", "file"),
        ("...", "file"),
        ("報告.txt", "報告.txt"),
    ],
)
def test_names_are_reduced(name, safe):
    assert safe_name(name) == safe


@given(st.text(max_size=400))
def test_no_name_at_all_leads_out_and_reducing_twice_changes_nothing(name):
    safe = safe_name(name)
    assert safe_name(safe) == safe
    parts = safe.split("/")
    assert 1 <= len(parts) <= 8
    assert all(part and not part.startswith(".") and len(part.encode()) <= 120 for part in parts)


def test_a_long_name_keeps_its_suffix():
    assert safe_name("x" * 500 + ".pdf").endswith("x.pdf")


def test_a_file_is_whole_or_not_there(tmp_path):
    class Broken(io.BytesIO):
        def read(self, size=-1):
            raise OSError(28, "No space left on device")

    uploads = Uploads(tmp_path / "u")
    uploads.take("a.txt", io.BytesIO(b"wolves"))
    with pytest.raises(Exception, match="No space left"):
        uploads.take("a.txt", Broken())
    assert [path.read_bytes() for path in (tmp_path / "u").iterdir()] == [b"wolves"]


def test_what_cannot_be_read_is_named_by_its_upload_and_not_by_the_folder_of_the_server(tmp_path):
    uploads = Uploads(tmp_path / "u")
    uploads.take("x.bin", io.BytesIO(b"\0\1\2" * 100))
    (skipped,) = uploads.read("x.bin")
    assert isinstance(skipped, Skipped)
    assert skipped.name == "uploads/x.bin"
    assert str(tmp_path) not in skipped.reason


def test_removing_takes_only_what_is_an_upload(tmp_path):
    uploads = Uploads(tmp_path / "u")
    uploads.take("a.txt", io.BytesIO(b"wolves"))
    (tmp_path / "precious.txt").write_text("x")
    for path in ("uploads/../precious.txt", "/etc/hosts", "precious.txt", "uploads/", "uploads/none.txt"):
        uploads.remove(path)
    assert (tmp_path / "precious.txt").exists() and (tmp_path / "u" / "a.txt").exists()
    uploads.remove("uploads/a.txt")
    assert not (tmp_path / "u" / "a.txt").exists()


def test_a_place_outside_is_refused(tmp_path):
    with pytest.raises(InvalidInputError, match="leads out"):
        Uploads(tmp_path / "u").place("../x")
