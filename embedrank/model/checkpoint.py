"""Writing model folders that sentence-transformers, transformers and vLLM load unchanged.

A folder is written beside its final name and renamed when complete.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

from embedrank.model.config import DecoderConfig
from embedrank.model.decoder import Decoder
from embedrank.model.prompting import PromptPolicy
from embedrank.model.target import require_new, written_whole
from embedrank.model.tokenizer import TextTokenizer

_ST = "sentence_transformers.models."


def save_embedder(
    folder: Path,
    decoder: Decoder,
    tokenizer: TextTokenizer,
    *,
    prompts: PromptPolicy,
    max_length: int,
    provenance: Mapping[str, Any] | None = None,
    dtype: torch.dtype = torch.bfloat16,
) -> None:
    """Write an embedder in the layout of the official checkpoints: tensors without `model.`, no head.

    Args:
        folder: Must not exist yet.
        decoder: The weights.
        tokenizer: Its tokenizer.
        prompts: What stands before queries and documents.
        max_length: Most tokens read of a text.
        provenance: Recipe, data and scores, for `embedrank.json`.
        dtype: Type the weights are stored in.

    Raises:
        StorageError: If the folder exists or cannot be written.
    """
    files = embedder_files(
        decoder.config, tokenizer, prompts=prompts, max_length=max_length, provenance=provenance, dtype=dtype
    )
    _write(folder, files, _tensors(decoder, "", dtype), tokenizer)


def save_reranker(
    folder: Path,
    decoder: Decoder,
    tokenizer: TextTokenizer,
    *,
    provenance: Mapping[str, Any] | None = None,
    lm_head_VM: Tensor | None = None,
    dtype: torch.dtype = torch.bfloat16,
) -> None:
    """Write a reranker as the official ones are, a causal language model; one with a score head as a classifier.

    Args:
        folder: Must not exist yet.
        decoder: The weights; a score head is its child `score`.
        tokenizer: Its tokenizer; nothing is appended to prompts, so its post-processor is left out.
        provenance: Recipe, data and scores, for `embedrank.json`.
        lm_head_VM: The head of an untied model.
        dtype: Type the weights are stored in.

    Raises:
        StorageError: If the folder exists or cannot be written.
    """
    tensors = _tensors(decoder, "model.", dtype)
    if lm_head_VM is not None:
        tensors["lm_head.weight"] = lm_head_VM.detach().to(dtype).contiguous()
    architecture, labels = "Qwen3ForCausalLM", {}
    if "model.score.weight" in tensors:
        tensors["score.weight"] = tensors.pop("model.score.weight")
        architecture, labels = "Qwen3ForSequenceClassification", {"num_labels": 1, "id2label": {"0": "yes"}}
    files = {
        "config.json": {**config_json(decoder.config, architecture, tokenizer, dtype), **labels},
        "embedrank.json": {"kind": "reranker", **(provenance or {})},
    }
    _write(folder, files, tensors, tokenizer, post_processor=False)


def embedder_files(
    config: DecoderConfig,
    tokenizer: TextTokenizer,
    *,
    prompts: PromptPolicy,
    max_length: int,
    pooling: str = "lasttoken",
    provenance: Mapping[str, Any] | None = None,
    dtype: torch.dtype = torch.bfloat16,
) -> dict[str, Any]:
    """The JSON files of an embedder's folder, by name; weights and tokenizer come beside them.

    Args:
        config: The decoder's shape.
        tokenizer: Its tokenizer.
        prompts: What stands before queries and documents.
        max_length: Most tokens read of a text.
        pooling: `lasttoken`, `mean` or `cls`.
        provenance: Recipe, data and scores, for `embedrank.json`.
        dtype: Type the weights are stored in.

    Returns:
        File name to what `json.dumps` takes.
    """
    flags = ("cls_token", "mean_tokens", "max_tokens", "mean_sqrt_len_tokens", "weightedmean_tokens", "lasttoken")
    chosen = {"lasttoken": "lasttoken", "mean": "mean_tokens", "cls": "cls_token"}[pooling]
    return {
        "modules.json": [
            {"idx": 0, "name": "0", "path": "", "type": f"{_ST}Transformer"},
            {"idx": 1, "name": "1", "path": "1_Pooling", "type": f"{_ST}Pooling"},
            {"idx": 2, "name": "2", "path": "2_Normalize", "type": f"{_ST}Normalize"},
        ],
        "1_Pooling/config.json": {
            "word_embedding_dimension": config.hidden_size,
            **{f"pooling_mode_{flag}": flag == chosen for flag in flags},
            "include_prompt": True,
        },
        "config_sentence_transformers.json": {
            "prompts": {"query": prompts.query_prefix, "document": prompts.document_prefix},
            "default_prompt_name": None,
            "similarity_fn_name": "cosine",
        },
        "sentence_bert_config.json": {"max_seq_length": max_length, "do_lower_case": False},
        "config.json": config_json(config, "Qwen3Model", tokenizer, dtype),
        "embedrank.json": {"kind": "embedder", **(provenance or {})},
    }


def config_json(
    config: DecoderConfig, architecture: str, tokenizer: TextTokenizer, dtype: torch.dtype
) -> dict[str, Any]:
    """The content of `config.json` as transformers reads it.

    Args:
        config: The decoder's shape.
        architecture: Class that transformers shall load.
        tokenizer: For the id of the end token, which pads too.
        dtype: Type the weights are stored in.

    Returns:
        The fields.
    """
    fields = config.to_mapping()
    if fields.pop("is_causal") is False:
        fields["is_causal"] = False
    return {
        "architectures": [architecture],
        "model_type": "qwen3",
        "attention_bias": False,
        "attention_dropout": 0.0,
        "hidden_act": "silu",
        "initializer_range": 0.02,
        "use_cache": True,
        "use_sliding_window": False,
        "sliding_window": None,
        "rope_scaling": None,
        "bos_token_id": tokenizer.end_id,
        "eos_token_id": tokenizer.end_id,
        "pad_token_id": tokenizer.end_id,
        "torch_dtype": str(dtype).removeprefix("torch."),
        **fields,
    }


def _tensors(decoder: Decoder, prefix: str, dtype: torch.dtype) -> dict[str, Tensor]:
    """Weights of the architecture; what training keeps beside them stays out, because vLLM refuses other names."""
    with torch.device("meta"):
        known = {*Decoder(decoder.config).state_dict(), "score.weight"}
    return {
        prefix + name: tensor.detach().cpu().to(dtype).contiguous()
        for name, tensor in decoder.state_dict().items()
        if name in known
    }


def _write(
    folder: Path,
    files: Mapping[str, Any],
    tensors: dict[str, Tensor],
    tokenizer: TextTokenizer,
    *,
    post_processor: bool = True,
) -> None:
    require_new(folder)
    with written_whole(folder, "model") as partial:
        for name, content in files.items():
            path = partial / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        for name, text in tokenizer.files(post_processor=post_processor).items():
            (partial / name).write_text(text, encoding="utf-8")
        save_file(tensors, partial / "model.safetensors", metadata={"format": "pt"})
        (partial / "model.safetensors").chmod((partial / "config.json").stat().st_mode)  # the library makes it private
