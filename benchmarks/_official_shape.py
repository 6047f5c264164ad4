"""A model folder of the exact 0.6B shape with random weights, and texts of mixed lengths: material for benchmarks."""

from __future__ import annotations

import math
import random
import tempfile
from pathlib import Path

import torch

from embedrank.model.checkpoint import save_embedder
from embedrank.model.config import DecoderConfig
from embedrank.model.decoder import Decoder
from embedrank.model.initialize import initialize
from embedrank.model.prompting import PromptPolicy
from embedrank.model.resolve import resolve
from embedrank.model.tokenizer import TextTokenizer

SHAPE = DecoderConfig(
    vocab_size=151669,
    hidden_size=1024,
    intermediate_size=3072,
    num_hidden_layers=28,
    num_attention_heads=16,
    num_key_value_heads=8,
    head_dim=128,
)
DTYPES = {"bf16": torch.bfloat16, "fp32": torch.float32}
SHAPES = ("nano", "0.6b")
FOLDER = Path(tempfile.gettempdir()) / "embedrank-bench-0.6b"
WORDS = [
    "time",
    "people",
    "way",
    "water",
    "model",
    "search",
    "vector",
    "river",
    "city",
    "house",
    "light",
    "sound",
    "paper",
    "green",
    "table",
    "number",
    "field",
]


def make_folder(folder: Path) -> Path:
    """Write the model once, in bfloat16; the bundled tokenizer stands in for the official one."""
    if not folder.is_dir():
        decoder = Decoder(SHAPE)
        initialize(decoder, seed=0)
        tokenizer = TextTokenizer.load(resolve("nano", kind="embedder"))
        save_embedder(folder, decoder.to(torch.bfloat16), tokenizer, prompts=PromptPolicy(), max_length=32768)
    return folder


def embedder_folder(shape: str) -> Path:
    """The bundled embedder for `nano`, random weights of the official shape, kept between runs, for `0.6b`."""
    if shape == "nano":
        return resolve("nano", kind="embedder")
    return make_folder(FOLDER)


def mixed_texts(tokenizer: TextTokenizer, *, count: int, median: int, longest: int, seed: int) -> list[str]:
    """Texts with lognormal token counts between 8 and `longest`."""
    rng = random.Random(seed)
    texts = []
    for _ in range(count):
        target = min(longest, max(8, round(rng.lognormvariate(math.log(median), 0.8)))) - 1
        text = " ".join(rng.choices(WORDS, k=target))
        while len(tokenizer.encode([text])[0]) > target:
            text = text.rsplit(" ", 1)[0]
        texts.append(text)
    return texts
