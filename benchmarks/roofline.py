"""How near encoding comes to its bare matrix products: quiet, and beside a process that keeps one core busy.

    python benchmarks/roofline.py [--shape nano|0.6b] [--dtype fp32] [--texts 64] [--rounds 3]

The roofline is the time of all matrix products of the decoder's layers on the same packs, in the same process and in
turns with the encoding; attention, norms, rotation and pooling are on top of it. 100 % would mean that those are free.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from _alternating import alternate
from _official_shape import DTYPES, SHAPES, embedder_folder, mixed_texts
from torch.nn import functional

from embedrank import Embedder
from embedrank.model.config import DecoderConfig
from embedrank.model.packing import pack_by_budget
from embedrank.model.tokenizer import TextTokenizer

BUDGET = 4096


def bare_products(config: DecoderConfig, packs: list[int], dtype: torch.dtype) -> Callable[[], None]:
    """A function that multiplies as much as the layers do on packs of so many tokens."""
    hidden, inner = config.hidden_size, config.intermediate_size
    queries, keys = config.num_attention_heads * config.head_dim, config.num_key_value_heads * config.head_dim
    shapes = [(hidden, queries), (hidden, keys), (hidden, keys), (queries, hidden)]
    shapes += [(hidden, inner), (hidden, inner), (inner, hidden)]
    layers = [[torch.randn(out, into).to(dtype) for into, out in shapes] for _ in range(config.num_hidden_layers)]
    inputs = {(rows, into): torch.randn(rows, into).to(dtype) for rows in packs for into, _ in shapes}

    @torch.inference_mode()
    def run() -> None:
        for rows in packs:
            for layer in layers:
                for weight in layer:
                    functional.linear(inputs[rows, weight.shape[1]], weight)

    return run


@contextmanager
def busy_neighbour() -> Iterator[None]:
    """Another process that computes without pause."""
    process = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        yield
    finally:
        process.kill()
        process.wait()


def main() -> None:
    """Measure both ways and print the shares."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shape", choices=SHAPES, default="nano")
    parser.add_argument("--dtype", choices=tuple(DTYPES), default="fp32")
    parser.add_argument("--texts", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    folder = embedder_folder(arguments.shape)
    texts = mixed_texts(TextTokenizer.load(folder), count=arguments.texts, median=100, longest=512, seed=0)
    embedder = Embedder.load(str(folder), dtype=arguments.dtype, device="cpu", max_batch_tokens=BUDGET)
    lengths = embedder.encode_documents_reported(texts).num_tokens
    packs = [sum(lengths[index] for index in pack) for pack in pack_by_budget(list(lengths), max_tokens=BUDGET)]
    bare = bare_products(DecoderConfig.from_json(folder / "config.json"), packs, DTYPES[arguments.dtype])
    bare()
    systems = {"encode": lambda: embedder.encode_documents(texts), "bare": bare}
    print(
        f"shape {arguments.shape}, {arguments.dtype}, {len(texts)} texts, {sum(lengths)} tokens, "
        f"{torch.get_num_threads()} threads"
    )
    report("quiet", alternate(systems, rounds=arguments.rounds), sum(lengths))
    with busy_neighbour():
        report("beside a busy process", alternate(systems, rounds=arguments.rounds), sum(lengths))


def report(name: str, seconds: dict[str, list[float]], num_tokens: int) -> None:
    """One line: rate and share of the roofline."""
    shares = [bare / encode for bare, encode in zip(seconds["bare"], seconds["encode"], strict=True)]
    print(
        f"{name:25} {num_tokens / statistics.median(seconds['encode']):8.0f} tokens/s   "
        f"{statistics.median(shares):5.1%} of the bare products (min {min(shares):.1%}, max {max(shares):.1%})"
    )


if __name__ == "__main__":
    main()
