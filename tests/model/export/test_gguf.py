"""The GGUF file carries the keys that llama.cpp reads, the same vocabulary, and the tensors in the asked type."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer, pre_tokenizers

from embedrank import Embedder, Reranker
from embedrank.core.errors import CheckpointError
from embedrank.core.prompts import rerank_template
from embedrank.model.export.gguf_reading import Fields, read_with_gguf
from embedrank.model.export.gguf_vocabulary import Vocabulary
from embedrank.model.export.probe import Probe
from embedrank.model.export.source import Source
from embedrank.model.tokenizer import TextTokenizer
from tests.model.conftest import pico_tokenizer

gguf = pytest.importorskip("gguf")


def opened(path: Path) -> tuple[Fields, dict[str, str]]:
    reader = gguf.GGUFReader(path)
    return Fields(reader), {tensor.name: tensor.tensor_type.name for tensor in reader.tensors}


def test_an_embedder_pools_the_last_token_and_ends_its_texts(exported) -> None:
    fields, _ = opened(exported("blocks", "gguf", "int8").target)
    assert fields["general.architecture"] == "qwen3"
    assert fields["qwen3.pooling_type"] == gguf.PoolingType.LAST
    assert (fields["qwen3.attention.key_length"], fields["qwen3.attention.value_length"]) == (16, 16)
    assert fields["qwen3.rope.freq_base"] == 1e6
    assert fields["qwen3.context_length"] == 512
    assert fields["tokenizer.ggml.add_eos_token"] is True
    assert fields["tokenizer.ggml.tokens"][fields["tokenizer.ggml.eos_token_id"]] == "<|endoftext|>"
    assert fields["embedrank.prompt.document"] == "passage: "


def test_a_reranker_ranks_yes_before_no_by_the_template(exported, reranker_folder: Path) -> None:
    fields, types = opened(exported("reranker", "gguf", "fp32").target)
    assert fields["qwen3.pooling_type"] == gguf.PoolingType.RANK
    assert fields["qwen3.classifier.output_labels"] == ["yes", "no"]
    assert fields["tokenizer.ggml.add_eos_token"] is False
    assert fields["tokenizer.chat_template.rerank"] == rerank_template().prompt("{query}", "{document}")
    tokens = fields["tokenizer.ggml.tokens"]
    table = load_file(reranker_folder / "model.safetensors")["model.embed_tokens.weight"]
    assert torch.equal(fields.tensor("cls.output.weight"), table[[tokens.index("yes"), tokens.index("no")]])
    assert types["cls.output.weight"] == "F32"


def test_rows_that_a_block_divides_are_quantised_and_others_stay_half(exported) -> None:
    _, whole = opened(exported("blocks", "gguf", "int8").target)
    assert whole["blk.0.attn_q.weight"] == whole["token_embd.weight"] == "Q8_0"
    assert whole["blk.0.attn_q_norm.weight"] == whole["output_norm.weight"] == "F32"
    _, odd = opened(exported("embedder", "gguf", "int8").target)
    assert odd["token_embd.weight"] == "F16", "48 numbers a row are no whole number of blocks"
    assert odd["blk.0.attn_output.weight"] == "Q8_0"


def test_reading_back_without_llama_cpp_gives_the_answers_of_the_source(
    exported, embedder_folder, reranker_folder
) -> None:
    source = Source.open(str(embedder_folder))
    probe = Probe.fitting(source.tokenizer, source.max_length)
    readings = read_with_gguf(exported("embedder", "gguf", "fp32").target, "embedder", probe)
    assert (
        np.abs(readings.ways["packed"] - probe.vectors(Embedder.load(str(embedder_folder), dtype="fp32"))).max() < 1e-6
    )
    assert "llama-cpp-python is not installed" in readings.notes[0]
    ranked = read_with_gguf(exported("reranker", "gguf", "fp32").target, "reranker", probe)
    expected = probe.probabilities(Reranker.load(str(reranker_folder), dtype="fp32"))
    assert np.abs(ranked.ways["packed"] - expected).max() < 1e-5


def test_llama_cpp_reads_it(exported) -> None:
    pytest.importorskip("llama_cpp")
    report = exported("blocks", "gguf", "fp32")
    assert "llama.cpp" in report.check.runtime
    assert set(report.check.ways) == {"batched", "alone"}


@pytest.mark.parametrize("which", ["pico", "nano"])
def test_the_vocabulary_survives_being_taken_apart(which: str, bundled_models: Path) -> None:
    tokenizer = pico_tokenizer() if which == "pico" else TextTokenizer.load(bundled_models / "nano-embedder")
    parts = Vocabulary.of(tokenizer, num_rows=330 if which == "pico" else 24576)
    assert parts.pre == ("gpt-2" if which == "pico" else "qwen2")
    texts = [
        *Probe.fitting(tokenizer, 4096).texts,
        *Probe.fitting(tokenizer, 4096).prompts(),
        "<|im_start|>x<think>",
        "I'll  go",
    ]
    assert parts.tokenizer().encode(texts) == tokenizer.encode(texts)
    if which == "pico":
        assert parts.tokens[-1] == "[PAD329]"
        assert parts.types[-1] == 5


def test_the_real_vocabulary_is_of_the_known_kind(qwen3_embedding_tokenizer) -> None:
    tokenizer = TextTokenizer(qwen3_embedding_tokenizer)
    parts = Vocabulary.of(tokenizer, num_rows=151_669)
    assert parts.pre == "qwen2"
    assert parts.tokens[151_643] == "<|endoftext|>"
    assert parts.types[151_643] == 3
    assert parts.types[151_667] == 4


def test_a_pre_tokeniser_that_llama_cpp_lacks_is_refused() -> None:
    raw = Tokenizer.from_str(pico_tokenizer().files(post_processor=False)["tokenizer.json"])
    raw.pre_tokenizer = pre_tokenizers.Whitespace()
    with pytest.raises(CheckpointError, match="no pre-tokeniser like this one"):
        Vocabulary.of(TextTokenizer(raw), num_rows=320)
