import json

import pytest

from embedrank.core.errors import CheckpointError
from embedrank.training.merge.surroundings import copy_surroundings
from tests.training.merge.test_merging import embedder

OTHERS = ("README.md", "model.gguf", "optimizer.pt", "checkpoint-0000010/state.pt", "onnx/model.onnx", ".cache/x")


@pytest.fixture
def source(tmp_path):
    return embedder(tmp_path / "source", 1)


@pytest.fixture
def target(tmp_path):
    (tmp_path / "target").mkdir()
    return tmp_path / "target"


def test_files_of_the_model_are_copied_and_those_of_runs_exports_and_cards_are_not(source, target):
    expected = {path.relative_to(source) for path in source.rglob("*") if path.is_file()}
    for name in OTHERS:
        (source / name).parent.mkdir(exist_ok=True)
        (source / name).write_text("x")
    (source / "LICENSE").write_text("Apache")
    copy_surroundings(source, target)
    copied = {path.relative_to(target).as_posix() for path in target.rglob("*") if path.is_file()}
    left_out = {"model.safetensors", "embedrank.json"}
    assert copied == {path.as_posix() for path in expected} - left_out | {"LICENSE"}


def test_modules_with_weights_are_refused(source, target):
    (source / "1_Pooling" / "model.safetensors").write_bytes(b"x")
    with pytest.raises(CheckpointError, match="modules with weights are not merged"):
        copy_surroundings(source, target)


@pytest.mark.parametrize("path", ["..", "../other", "/etc"])
def test_modules_outside_the_folder_are_not_followed(source, target, path):
    (source.parent / "other").mkdir()
    (source / "modules.json").write_text(json.dumps([{"path": path}]))
    copy_surroundings(source, target)
    assert not [each for each in target.iterdir() if each.is_dir()]
