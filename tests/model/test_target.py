"""A target is there whole or not at all, and what went wrong is one clear error."""

import errno

import pytest
from safetensors import SafetensorError

from embedrank.core.errors import StorageError
from embedrank.model.target import partial_of, require_new, require_parent, require_room, written_whole


@pytest.mark.parametrize("name", ["model", "model-0.6b", "model.gguf"])
def test_it_gets_its_name_when_it_is_whole(tmp_path, name):
    with written_whole(tmp_path / name, "model") as partial:
        partial.write_text("whole")
        assert not (tmp_path / name).exists()
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_file_keeps_the_suffix_that_libraries_look_at(tmp_path):
    assert partial_of(tmp_path / "model.gguf").name == "model.partial.gguf"


def test_what_an_interrupted_run_left_is_not_mixed_in(tmp_path):
    partial_of(tmp_path / "model").mkdir()
    (partial_of(tmp_path / "model") / "old").write_text("half")
    with written_whole(tmp_path / "model", "model") as partial:
        partial.mkdir()
    assert not list((tmp_path / "model").iterdir())


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (OSError(errno.ENOSPC, "no space"), "model not written.*make room first"),
        (SafetensorError("cannot serialise"), "model not written: cannot serialise"),
    ],
)
def test_trouble_with_the_disk_is_told_and_leaves_nothing(tmp_path, error, told):
    with pytest.raises(StorageError, match=told), written_whole(tmp_path / "model", "model") as partial:
        partial.mkdir()
        raise error
    assert not list(tmp_path.iterdir())


def test_an_interruption_leaves_nothing_either(tmp_path):
    with pytest.raises(KeyboardInterrupt), written_whole(tmp_path / "model", "model") as partial:
        partial.mkdir()
        raise KeyboardInterrupt
    assert not list(tmp_path.iterdir())


def test_places_that_cannot_be_written_are_refused_before_any_work(tmp_path):
    with pytest.raises(StorageError, match="exists already"):
        require_new(tmp_path)
    with pytest.raises(StorageError, match="no such folder"):
        require_parent(tmp_path / "missing" / "model")
    with pytest.raises(StorageError, match=r"needs about .* make room first"):
        require_room(tmp_path / "model", 1 << 80)
    require_new(tmp_path / "model")
    require_parent(tmp_path / "model")
    require_room(tmp_path / "model", 1)
