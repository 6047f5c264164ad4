"""A sharded checkpoint of the 8B shape, or of a part of it, with random weights that take little memory to make."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from torch import Tensor

from embedrank.model.checkpoint import embedder_files
from embedrank.model.config import DecoderConfig
from embedrank.model.decoder import Decoder
from embedrank.model.export.tensor_file import write_tensor_file
from embedrank.model.initialize import STANDARD_DEVIATION
from embedrank.model.prompting import PromptPolicy
from embedrank.model.resolve import resolve
from embedrank.model.tokenizer import TextTokenizer
from embedrank.model.weights import SHARD_INDEX

SHAPE_8B = DecoderConfig(
    vocab_size=151665,
    hidden_size=4096,
    intermediate_size=12288,
    num_hidden_layers=36,
    num_attention_heads=32,
    num_key_value_heads=8,
    head_dim=128,
)


def random_tensor(shape: tuple[int, ...]) -> Tensor:
    """A matrix of small random numbers, or a norm's ones."""
    if len(shape) == 1:
        return torch.ones(shape, dtype=torch.bfloat16)
    return torch.empty(shape, dtype=torch.bfloat16).normal_(0.0, STANDARD_DEVIATION)


def make_folder(folder: Path, config: DecoderConfig) -> None:
    """Write the checkpoint, a shard a layer and one for the rest; the bundled tokenizer stands in for the official."""
    with torch.device("meta"):
        shapes = {name: tuple(tensor.shape) for name, tensor in Decoder(config).state_dict().items()}
    layer = {name: random_tensor(shape) for name, shape in shapes.items() if name.startswith("layers.0.")}
    folder.mkdir(parents=True)
    shards = {name: ".".join(name.split(".")[:2]) if name.startswith("layers.") else "rest" for name in shapes}
    for shard in dict.fromkeys(shards.values()):
        held = {name: shape for name, shape in shapes.items() if shards[name] == shard}

        def read(name: str, shard: str = shard) -> Tensor:
            return random_tensor(shapes[name]) if shard == "rest" else layer[name.replace(shard, "layers.0", 1)]

        write_tensor_file(folder / f"{shard}.safetensors", held, read, dtype=torch.bfloat16)
    index = {"weight_map": {name: f"{shard}.safetensors" for name, shard in shards.items()}}
    tokenizer = TextTokenizer.load(resolve("nano", kind="embedder"))
    files = embedder_files(config, tokenizer, prompts=PromptPolicy(), max_length=config.max_position_embeddings)
    for name, content in {**files, SHARD_INDEX: index}.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(json.dumps(content))
    for name, text in tokenizer.files(post_processor=True).items():
        (folder / name).write_text(text)
