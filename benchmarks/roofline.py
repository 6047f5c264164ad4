"""How near encoding comes to its bare matrix products: quiet, and beside a process that keeps one core busy.

    python benchmarks/roofline.py [--shape nano|0.6b] [--dtype fp32] [--texts 64] [--rounds 3]

The roofline is the time of all matrix products of the decoder's layers on the same packs, in the same process and in
turns with the encoding; attention, norms, rotation and pooling are on top of it. 100 % would mean that those are free.
Each share is told twice: by the time that passes, and by processor time, which neighbours blur far less. The last
column adds attention alone, as the model computes it, to the bare products.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from operator import add

import torch
from _alternating import alternate_clocks
from _official_shape import DTYPES, SHAPES, embedder_folder, mixed_texts
from torch.nn import functional

from embedrank import Embedder
from embedrank.model.attention_backends import AUTO, choose_attention
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


def bare_attention(config: DecoderConfig, packs: list[list[int]], dtype: torch.dtype) -> Callable[[], None]:
    """A function that attends as much as the layers do on packs of sequences of such lengths."""
    backend = choose_attention(AUTO, device=torch.device("cpu"), dtype=dtype, head_dim=config.head_dim)
    heads = (config.num_attention_heads, config.num_key_value_heads, config.num_key_value_heads)
    plans = [backend.plan(sorted(pack), is_causal=config.is_causal) for pack in packs]
    states = [[torch.randn(sum(pack), number, config.head_dim).to(dtype) for number in heads] for pack in packs]

    @torch.inference_mode()
    def run() -> None:
        for plan, (queries, keys, values) in zip(plans, states, strict=True):
            for _ in range(config.num_hidden_layers):
                plan.attend(queries, keys, values)

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
    load = partial(Embedder.load, str(folder), dtype=arguments.dtype, device="cpu", max_batch_tokens=BUDGET)
    native, plain = load(native="wait"), load(native="off")
    lengths = native.encode_documents_reported(texts).num_tokens
    packs = [[lengths[index] for index in pack] for pack in pack_by_budget(list(lengths), max_tokens=BUDGET)]
    config = DecoderConfig.from_json(folder / "config.json")
    systems = {
        "kernels": lambda: native.encode_documents(texts),
        "PyTorch": lambda: plain.encode_documents(texts),
        "bare": bare_products(config, [sum(pack) for pack in packs], DTYPES[arguments.dtype]),
        "attention": bare_attention(config, packs, DTYPES[arguments.dtype]),
    }
    for run in systems.values():
        run()
    print(
        f"shape {arguments.shape}, {arguments.dtype}, {len(texts)} texts, {sum(lengths)} tokens, "
        f"{torch.get_num_threads()} threads; share of the bare products by time (min, max), by processor time, by "
        "processor time of bare products and attention"
    )
    report("quiet", *alternate_clocks(systems, rounds=arguments.rounds), sum(lengths))
    with busy_neighbour():
        report("beside a busy process", *alternate_clocks(systems, rounds=arguments.rounds), sum(lengths))


def report(name: str, seconds: dict[str, list[float]], used: dict[str, list[float]], num_tokens: int) -> None:
    """A line for each way of encoding: rate and shares of the roofline."""
    for way in ("kernels", "PyTorch"):
        shares, used_shares = ratios(seconds["bare"], seconds[way]), ratios(used["bare"], used[way])
        both = ratios(list(map(add, used["bare"], used["attention"])), used[way])
        print(
            f"{name:22} {way:8} {num_tokens / statistics.median(seconds[way]):7.0f} tokens/s  "
            f"{statistics.median(shares):6.1%} ({min(shares):.1%}, {max(shares):.1%})  "
            f"{statistics.median(used_shares):6.1%}  {statistics.median(both):6.1%}"
        )


def ratios(parts: list[float], wholes: list[float]) -> list[float]:
    """Part over whole, round by round."""
    return [part / whole for part, whole in zip(parts, wholes, strict=True)]


if __name__ == "__main__":
    main()
