"""What is refused, when, and that nothing half-written stays."""

from __future__ import annotations

import json
import resource
import shutil
import sys
from collections import namedtuple
from pathlib import Path

import pytest

from embedrank.core.errors import (
    ConfigError,
    ExportCheckError,
    ExportRunError,
    InvalidInputError,
    MissingPackageError,
    StorageError,
)
from embedrank.model.export.config import ExportConfig
from embedrank.model.export.exporting import export_model
from embedrank.model.export.source import Source


@pytest.mark.parametrize(
    ("fields", "part"),
    [
        ({"format": "tflite"}, "must be one of sentence-transformers"),
        ({"format": "onnx", "dtype": "fp16"}, "must be one of fp32, int8"),
        ({"format": "gguf", "kind": "classifier"}, "must be one of embedder, reranker"),
        ({"format": "sentence-transformers", "kind": "reranker"}, "holds no reranker; choose sequence-classification"),
        ({"format": "sequence-classification", "kind": "embedder"}, "holds no embedder; choose sentence-transformers"),
        ({"format": "gguf", "tolerance": 1.5}, "must be in 0..1"),
        ({"format": "gguf", "check_dtype": "int8"}, "must be one of fp32, bf16"),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_is_read(fields: dict[str, object], part: str) -> None:
    with pytest.raises(ConfigError, match=part):
        ExportConfig(**fields)  # type: ignore[arg-type]


def test_a_folder_of_the_wrong_kind_is_refused(embedder_folder: Path, reranker_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="kind reranker; this format holds embedder"):
        export_model(str(reranker_folder), tmp_path / "x", ExportConfig(format="sentence-transformers"))
    with pytest.raises(InvalidInputError, match="kind embedder, not reranker"):
        export_model(str(embedder_folder), tmp_path / "x", ExportConfig(format="onnx", kind="reranker"))


def test_the_kind_is_found_out(embedder_folder: Path, reranker_folder: Path, tmp_path: Path) -> None:
    assert Source.open(str(embedder_folder)).kind == "embedder"
    assert Source.open("nano").kind == "embedder"
    assert Source.open("nano", kinds=("reranker",)).kind == "reranker"
    bare = Path(shutil.copytree(reranker_folder, tmp_path / "bare"))
    (bare / "embedrank.json").unlink()
    assert Source.open(str(bare)).kind == "reranker", "a causal model without pooling is what official rerankers are"
    config = json.loads((bare / "config.json").read_text())
    (bare / "config.json").write_text(json.dumps({**config, "architectures": ["Qwen3Model"]}))
    with pytest.raises(InvalidInputError, match="does not say whether it embeds or reranks"):
        Source.open(str(bare))
    assert Source.open(str(bare), kind="embedder").kind == "embedder"


def test_a_target_that_exists_is_left_alone(embedder_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "there.gguf").write_text("mine")
    with pytest.raises(StorageError, match="exists already"):
        export_model(str(embedder_folder), tmp_path / "there.gguf", ExportConfig(format="gguf"))
    assert (tmp_path / "there.gguf").read_text() == "mine"


def test_a_target_must_have_a_folder_and_a_file_its_ending(embedder_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="no such folder"):
        export_model(str(embedder_folder), tmp_path / "no" / "x.gguf", ExportConfig(format="gguf"))
    with pytest.raises(InvalidInputError, match=r"ends in \.gguf"):
        export_model(str(embedder_folder), tmp_path / "x", ExportConfig(format="gguf"))


@pytest.mark.parametrize(
    ("format", "dtype", "package"),
    [
        ("onnx", None, "onnxruntime"),
        ("onnx", None, "onnxscript"),
        ("openvino", None, "openvino"),
        ("openvino", "int8", "nncf"),
        ("gguf", None, "gguf"),
    ],
)
def test_a_missing_library_names_the_extra(
    embedder_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, format: str, dtype: str | None, package: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    target = tmp_path / "x.gguf"
    with pytest.raises(
        MissingPackageError, match=rf'{package}, which is not installed \(pip install "embedrank\[export\]"'
    ):
        export_model(str(embedder_folder), target, ExportConfig(format=format, dtype=dtype))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("format", "name"), [("sentence-transformers", "x"), ("gguf", "x.gguf")])
def test_a_failed_check_leaves_nothing(blocks_folder: Path, tmp_path: Path, format: str, name: str) -> None:
    config = ExportConfig(format=format, dtype="int8" if format == "gguf" else "bf16", tolerance=1.0)
    with pytest.raises(ExportCheckError, match="is below the tolerance 1"):
        export_model(str(blocks_folder), tmp_path / name, config)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("format", "name"), [("sentence-transformers", "x"), ("gguf", "x.gguf")])
def test_a_write_that_fails_leaves_nothing(embedder_folder: Path, tmp_path: Path, format: str, name: str) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))  # as a full disk: writing beyond fails
    try:
        with pytest.raises(StorageError, match="not written"):
            export_model(str(embedder_folder), tmp_path / name, ExportConfig(format=format))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert list(tmp_path.iterdir()) == []


def test_a_disk_without_room_is_told_before_writing(
    embedder_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10, 9, 1))
    with pytest.raises(StorageError, match=r"needs about .* GB.* make room first"):
        export_model(str(embedder_folder), tmp_path / "x", ExportConfig(format="sentence-transformers"))


def test_a_runtime_that_breaks_down_is_one_clear_error(
    embedder_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sentence_transformers

    class Broken:
        def __init__(self, *arguments: object, **options: object) -> None:
            raise RuntimeError("unknown operator\nand a long trace")

    monkeypatch.setattr(sentence_transformers, "SentenceTransformer", Broken)
    with pytest.raises(ExportRunError, match="does not run: unknown operator; nothing was kept"):
        export_model(str(embedder_folder), tmp_path / "x", ExportConfig(format="sentence-transformers"))
    assert list(tmp_path.iterdir()) == []


def test_without_the_libraries_our_own_loader_checks_and_says_so(
    embedder_folder: Path, reranker_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    monkeypatch.setitem(sys.modules, "transformers", None)
    embedder = export_model(str(embedder_folder), tmp_path / "e", ExportConfig(format="sentence-transformers"))
    reranker = export_model(str(reranker_folder), tmp_path / "r", ExportConfig(format="sequence-classification"))
    for check in (embedder.check, reranker.check):
        assert check.runtime == "embedrank"
        assert "not installed" in check.notes[0]


def test_the_stored_type_is_kept_where_the_format_has_it(exported) -> None:
    assert exported("embedder", "gguf").dtype == "fp32"
    assert exported("embedder", "sentence-transformers").dtype == "fp32"
