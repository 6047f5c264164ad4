"""GGUF: one file for llama.cpp and what is built on it.

Names and keys are those that llama.cpp's converter gives Qwen3-Embedding and Qwen3-Reranker: pooling by the last token,
the end token appended by the tokenizer; for rerankers pooling `rank`, the rows of yes and no as `cls.output`, over
which llama.cpp takes the softmax, and the prompt as the template `rerank`.

Source: `Qwen3Model` of https://github.com/ggml-org/llama.cpp/blob/master/convert_hf_to_gguf.py
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from embedrank.core.errors import InvalidInputError
from embedrank.core.packages import is_installed, require_packages
from embedrank.core.prompts import rerank_template
from embedrank.model.export.folder import decoder_shapes
from embedrank.model.export.format import Readings
from embedrank.model.export.gguf_keys import CLASSIFIER, POOLINGS, PROMPT_KEY, RANK
from embedrank.model.export.gguf_vocabulary import Vocabulary
from embedrank.model.export.probe import Probe
from embedrank.model.export.source import Source
from embedrank.model.provenance import EMBEDDER, RERANKER

_QUANTISED = {"fp32": "F32", "bf16": "BF16", "fp16": "F16", "int8": "Q8_0"}
_FILE_TYPES = {"fp32": "ALL_F32", "bf16": "MOSTLY_BF16", "fp16": "MOSTLY_F16", "int8": "MOSTLY_Q8_0"}


class GgufFile:
    """One file that ends in `.gguf`."""

    name = "gguf"
    kinds: tuple[str, ...] = (EMBEDDER, RERANKER)
    dtypes: tuple[str, ...] = ("bf16", "fp32", "fp16", "int8")
    suffix = ".gguf"

    def require(self, dtype: str | None) -> None:
        """Ask for the libraries before anything is read."""
        require_packages(f"export to {self.name}", "gguf", extra="export")

    def write(self, source: Source, target: Path, dtype: str) -> Mapping[str, Any]:
        """Write table and metadata first, then one tensor at a time."""
        import gguf

        writer = gguf.GGUFWriter(target, gguf.MODEL_ARCH_NAMES[gguf.MODEL_ARCH.QWEN3])
        _add_shape(writer, source, gguf.LlamaFileType[_FILE_TYPES[dtype]])
        _add_vocabulary(writer, source)
        _add_use(writer, source, gguf.PoolingType)
        tensors = dict(_tensors(source))
        types = {name: _type(name, shape, dtype) for name, (shape, _) in tensors.items()}
        for name, (shape, _) in tensors.items():
            byte_shape = gguf.quant_shape_to_byte_shape(shape, types[name])
            writer.add_tensor_info(name, byte_shape, np.dtype(np.uint8), math.prod(byte_shape), raw_dtype=types[name])
        try:
            writer.write_header_to_file()
            writer.write_kv_data_to_file()
            writer.write_ti_data_to_file()
            for name, (_, read) in tensors.items():
                writer.write_tensor_data(gguf.quantize(read().float().numpy(), types[name]))
        finally:
            writer.close()
        return {}

    def read_back(self, target: Path, kind: str, probe: Probe, *, dtype: str) -> Readings:
        """Run the file in llama.cpp, or on its own tensors and vocabulary where that is not installed."""
        if is_installed("llama_cpp"):
            from embedrank.model.export.llama_cpp_reading import read_in_llama_cpp

            return read_in_llama_cpp(target, kind, probe)
        from embedrank.model.export.gguf_reading import read_with_gguf

        return read_with_gguf(target, kind, probe)


def _add_shape(writer: Any, source: Source, file_type: Any) -> None:
    config = source.config
    writer.add_name(str(source.provenance.get("name", Path(source.name).name)))
    writer.add_file_type(file_type)
    writer.add_quantization_version(2)  # of GGML's quantised types
    writer.add_block_count(config.num_hidden_layers)
    writer.add_context_length(source.max_length)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_key_length(config.head_dim)
    writer.add_value_length(config.head_dim)
    writer.add_rope_freq_base(config.rope_theta)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_vocab_size(config.vocab_size)
    if not config.is_causal:
        writer.add_causal_attention(False)


def _add_vocabulary(writer: Any, source: Source) -> None:
    vocabulary = Vocabulary.of(source.tokenizer, num_rows=source.config.vocab_size)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(vocabulary.pre)
    writer.add_token_list(vocabulary.tokens)
    writer.add_token_types(vocabulary.types)
    writer.add_token_merges(vocabulary.merges)
    writer.add_eos_token_id(source.tokenizer.end_id)
    writer.add_pad_token_id(source.tokenizer.end_id)
    writer.add_bos_token_id(source.tokenizer.end_id)
    writer.add_add_bos_token(False)
    writer.add_add_eos_token(source.kind == EMBEDDER)


def _add_use(writer: Any, source: Source, pooling_type: Any) -> None:
    if source.kind == EMBEDDER:
        writer.add_pooling_type(pooling_type(POOLINGS[source.pooling]))
        writer.add_string(PROMPT_KEY + "query", source.prompts.query_prefix)  # the writer leaves empty strings out
        writer.add_string(PROMPT_KEY + "document", source.prompts.document_prefix)
        return
    writer.add_pooling_type(pooling_type(RANK))
    writer.add_classifier_output_labels(["yes", "no"])
    writer.add_chat_template([{"name": "rerank", "template": rerank_template().prompt("{query}", "{document}")}])


def _tensors(source: Source) -> Iterator[tuple[str, tuple[tuple[int, ...], Callable[[], Tensor]]]]:
    """GGUF name to shape and a way to read it."""
    import gguf

    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.QWEN3, source.config.num_hidden_layers)
    for name, shape in decoder_shapes(source).items():
        found = names.get_name("model." + name, try_suffixes=(".weight",))
        if found is None:
            raise InvalidInputError(name, "has no name in GGUF")
        yield found, (shape, lambda name=name: source.weights.tensor(name))  # type: ignore[misc]
    if source.kind == RERANKER:
        yes_no_2M = source.head().weight.detach().flip(0)
        yield CLASSIFIER, (tuple(yes_no_2M.shape), lambda: yes_no_2M)


def _type(name: str, shape: tuple[int, ...], dtype: str) -> Any:
    """Norms and the classifier stay float32; rows that no block divides stay float16, as in llama.cpp's converter."""
    import gguf

    if len(shape) == 1 or name == CLASSIFIER:
        return gguf.GGMLQuantizationType.F32
    wanted = gguf.GGMLQuantizationType[_QUANTISED[dtype]]
    block, _ = gguf.GGML_QUANT_SIZES[wanted]
    return wanted if shape[-1] % block == 0 else gguf.GGMLQuantizationType.F16
