"""Every format holds what it promises to hold, in its own runtime, in every layout of a batch."""

from __future__ import annotations

import json

import numpy as np
import pytest

from embedrank import Embedder, Reranker
from embedrank.model.export.check import tolerances
from embedrank.model.export.formats import FORMATS
from embedrank.model.export.padding import padded
from embedrank.model.tokenizer import TextTokenizer
from tests.model.conftest import pico_config
from tests.model.export.conftest import BLOCKS

NAN_TEXTS = ["importance of life", "importing petroleum"]
COMBINATIONS = [(name, kind) for name, each in FORMATS.items() for kind in each.kinds]
COARSE = [
    ("onnx", "int8"),
    pytest.param("openvino", "fp16", marks=pytest.mark.slow),
    ("openvino", "int8"),
    ("gguf", "bf16"),
    ("gguf", "fp16"),
    ("gguf", "int8"),
]


@pytest.mark.parametrize(("format", "kind"), COMBINATIONS)
def test_what_is_written_in_full_precision_answers_like_the_source(exported, format: str, kind: str) -> None:
    report = exported(kind, format, "fp32")
    assert (report.kind, report.format, report.dtype) == (kind, format, "fp32")
    assert report.num_bytes > 100_000
    if kind == "embedder":
        assert report.check.measure == "cosine"
        assert report.check.worst > 0.99999
    else:
        assert report.check.worst < 1e-4
    assert report.check.num_answers % len(report.check.ways) == 0


@pytest.mark.parametrize(("format", "dtype"), COARSE)
def test_smaller_numbers_stay_within_the_table(exported, format: str, dtype: str) -> None:
    report = exported("blocks", format, dtype)
    files = [report.target] if report.target.is_file() else list(report.target.iterdir())
    weights = max(file.stat().st_size for file in files if file.suffix in (".gguf", ".bin", ".onnx"))
    assert weights < pico_config(**BLOCKS).num_parameters() * 4
    assert tolerances()["embedder"][dtype] <= report.check.worst < 1


@pytest.mark.parametrize("format", ["sentence-transformers", "sequence-classification"])
@pytest.mark.parametrize("dtype", ["bf16", "fp16"])
def test_half_precision_folders_stay_within_the_table(exported, format: str, dtype: str) -> None:
    report = exported(FORMATS[format].kinds[0], format, dtype)
    assert report.dtype == dtype
    assert len(report.check.ways) >= 3


def test_the_table_has_a_limit_for_every_type_of_every_format() -> None:
    for each in FORMATS.values():
        assert all(dtype in tolerances()[kind] for kind in each.kinds for dtype in each.dtypes)


@pytest.mark.parametrize("side", ["left", "right"])
def test_short_texts_beside_a_long_one_are_numbers_on_both_sides_of_padding(
    exported, embedder_folder, side: str
) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    folder = exported("embedder", "onnx", "fp32").target
    texts = [*NAN_TEXTS, "hello " * 60, ""]
    tokenizer = TextTokenizer.load(folder)
    ids = [tokens for tokens, _ in tokenizer.encode_ended(texts, max_length=512)]
    ids_BL, mask_BL = padded(ids, pad_id=tokenizer.end_id, side=side)
    session = onnxruntime.InferenceSession(folder / "model.onnx", providers=["CPUExecutionProvider"])
    vectors = session.run(None, {"input_ids": ids_BL, "attention_mask": mask_BL})[0]
    expected = Embedder.load(str(embedder_folder), dtype="fp32").encode_documents(texts)
    assert np.isfinite(vectors).all()
    assert np.abs(vectors - expected).max() < 1e-5
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_the_graph_of_a_reranker_gives_the_difference_of_the_logits(exported, reranker_folder) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    folder = exported("reranker", "onnx", "fp32").target
    about = json.loads((folder / "embedrank.json").read_text(encoding="utf-8"))
    documents = ["world", "no world at all", "hello " * 30]
    prompts = [
        about["template"].replace("{instruction}", about["instruction"]).replace("{query}", "hello?")
        .replace("{document}", document)
        for document in documents
    ]  # fmt: skip
    tokenizer = TextTokenizer.load(folder)
    ids_BL, mask_BL = padded(tokenizer.encode(prompts), pad_id=about["pad_token_id"], side="left")
    session = onnxruntime.InferenceSession(folder / "model.onnx", providers=["CPUExecutionProvider"])
    logits = session.run(None, {"input_ids": ids_BL, "attention_mask": mask_BL})[0]
    expected = Reranker.load(str(reranker_folder), dtype="fp32").logits("hello?", documents)
    assert np.abs(logits - expected).max() < 1e-4


def test_our_own_loader_reads_both_folders(exported, embedder_folder, reranker_folder) -> None:
    classifier = Reranker.load(str(exported("reranker", "sequence-classification", "fp32").target), dtype="fp32")
    expected = Reranker.load(str(reranker_folder), dtype="fp32").logits("hello", ["world", "no"])
    assert np.abs(classifier.logits("hello", ["world", "no"]) - expected).max() < 1e-5
    folder = Embedder.load(str(exported("embedder", "sentence-transformers", "fp32").target), dtype="fp32")
    source = Embedder.load(str(embedder_folder), dtype="fp32")
    assert np.array_equal(folder.encode_queries(NAN_TEXTS), source.encode_queries(NAN_TEXTS))


@pytest.mark.parametrize("format", ["onnx", "openvino", "sentence-transformers"])
def test_a_folder_says_what_it_is_and_how_it_was_checked(exported, format: str) -> None:
    report = exported("embedder", format, "fp32")
    about = json.loads((report.target / "embedrank.json").read_text(encoding="utf-8"))
    assert about["kind"] == "embedder"
    assert about["prompts"]["query"].startswith("Instruct: ")
    assert about["max_length"] == 512
    assert about["export"]["format"] == format
    assert about["check"]["worst"] == report.check.worst
    assert report.check.runtime in (report.target / "README.md").read_text(encoding="utf-8")
    assert (report.target / "tokenizer.json").is_file()
