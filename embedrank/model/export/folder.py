"""The folders of the formats that transformers reads: tokenizer, JSON files, and weights streamed from the source."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from embedrank.model.decoder import Decoder
from embedrank.model.export.source import DTYPES, Source
from embedrank.model.export.tensor_file import write_tensor_file
from embedrank.model.tokenizer import TextTokenizer
from embedrank.model.weights import SINGLE


def decoder_shapes(source: Source) -> dict[str, tuple[int, ...]]:
    """Name to shape of the decoder's tensors, names as in a checkpoint without `model.`."""
    with torch.device("meta"):
        decoder = Decoder(source.config)
    return {name: tuple(tensor.shape) for name, tensor in decoder.state_dict().items()}


def write_folder(
    target: Path,
    source: Source,
    files: Mapping[str, Any],
    *,
    dtype: str,
    prefix: str = "",
    added: Mapping[str, Tensor] | None = None,
    post_processor: bool,
) -> None:
    """Write a checkpoint folder.

    Args:
        target: The folder; made here.
        source: The model.
        files: JSON files by name.
        dtype: Key of `DTYPES`.
        prefix: Stands before the decoder's tensor names.
        added: Further tensors by their full names.
        post_processor: Whether the tokenizer appends the end token.
    """
    write_json_files(target, files)
    write_tokenizer(target, source.tokenizer, post_processor=post_processor)
    heads = dict(added or {})
    shapes = {prefix + name: shape for name, shape in decoder_shapes(source).items()}
    shapes |= {name: tuple(tensor.shape) for name, tensor in heads.items()}
    read: Callable[[str], Tensor] = lambda name: (  # noqa: E731 - one expression
        heads[name] if name in heads else source.weights.tensor(name.removeprefix(prefix))
    )
    write_tensor_file(target / SINGLE, shapes, read, dtype=DTYPES[dtype])


def write_json_files(target: Path, files: Mapping[str, Any]) -> None:
    """Write JSON files, making folders as needed."""
    for name, content in files.items():
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def write_tokenizer(target: Path, tokenizer: TextTokenizer, *, post_processor: bool) -> None:
    """Write the tokenizer's files."""
    target.mkdir(parents=True, exist_ok=True)
    for name, text in tokenizer.files(post_processor=post_processor).items():
        (target / name).write_text(text, encoding="utf-8")
