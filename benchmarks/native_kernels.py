"""Our CPU kernels beside PyTorch's operators and torch.compile, in turns, one thread, by processor time.

python benchmarks/native_kernels.py [--dtype fp32] [--tokens 4096] [--rounds 9]

Shapes are those of the 0.6B model (16 and 8 heads of 128, hidden size 1024) and of nano (5 heads of 64, hidden size
320).
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Callable
from functools import partial

import torch
from _alternating import alternate_clocks
from _official_shape import DTYPES
from torch import Tensor

from embedrank.model.allocator import keep_freed_memory
from embedrank.model.attention_backends import BACKENDS
from embedrank.model.native.kernels import Kernels
from embedrank.model.native.source import KERNELS
from embedrank.model.norm import RMSNorm
from embedrank.model.rope import rope_tables

SHAPES = ((16, 8, 128, 1024), (5, 5, 64, 320))  # heads, key-value heads, head size, hidden size
LENGTHS = (20, 100, 500)
Systems = dict[str, Callable[[], Tensor]]


def norm_systems(kernels: Kernels, states: Tensor) -> Systems:
    """The same norm in three ways."""
    norm = RMSNorm(states.shape[-1], eps=1e-6).to(states.dtype)
    return {
        "kernels": partial(kernels.norm, states, norm.weight, norm.eps),
        "PyTorch": partial(norm, states),
        "torch.compile": partial(torch.compile(norm), states),
    }


def rotation_systems(kernels: Kernels, states_THD: Tensor) -> Systems:
    """Norm and rotation of heads in three ways; ours writes over a tensor of its own."""
    tokens, _, head_dim = states_THD.shape
    norm = RMSNorm(head_dim, eps=1e-6).to(states_THD.dtype)
    rope = rope_tables(torch.arange(tokens), head_dim=head_dim, theta=1e6, dtype=states_THD.dtype)
    return {
        "kernels": partial(kernels.norm_rotate, states_THD.clone(), norm.weight, norm.eps, *rope),
        "PyTorch": partial(norm.rotated, states_THD, rope),
        "torch.compile": partial(torch.compile(norm.rotated), states_THD, rope),
    }


def attention_systems(states: tuple[Tensor, Tensor, Tensor], length: int) -> Systems:
    """Causal attention of sequences of one length in two ways."""
    lengths = [length] * (len(states[0]) // length)
    used = tuple(part[: sum(lengths)] for part in states)
    plans = {name: BACKENDS[name].plan(lengths, is_causal=True) for name in ("native", "grouped")}
    return {"kernels": partial(plans["native"].attend, *used), "PyTorch": partial(plans["grouped"].attend, *used)}


@torch.no_grad()
def main() -> None:
    """Measure every kernel and print milliseconds and ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dtype", choices=tuple(DTYPES), default="fp32")
    parser.add_argument("--tokens", type=int, default=4096)
    parser.add_argument("--rounds", type=int, default=9)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    keep_freed_memory()  # as in serving: else PyTorch's fresh results cost page faults
    kernels = KERNELS.wait()
    if kernels is None:
        raise SystemExit(f"no kernels here: {KERNELS.obstacle()}")
    for num_heads, num_groups, head_dim, hidden in SHAPES:
        queries, keys, values = (
            torch.randn(arguments.tokens, heads, head_dim).to(DTYPES[arguments.dtype])
            for heads in (num_heads, num_groups, num_groups)
        )
        rows = torch.randn(arguments.tokens, hidden).to(DTYPES[arguments.dtype])
        report(f"norm of {hidden}", norm_systems(kernels, rows), arguments.rounds)
        report(f"norm and rotation of {num_heads} x {head_dim}", rotation_systems(kernels, queries), arguments.rounds)
        for length in LENGTHS:
            systems = attention_systems((queries, keys, values), length)
            report(f"attention of {num_heads} x {head_dim}, {length} tokens each", systems, arguments.rounds)


def report(name: str, systems: Systems, rounds: int) -> None:
    """One line: milliseconds of each, and how many times as long as ours it takes."""
    for run in systems.values():
        run()
    _, used = alternate_clocks(systems, rounds=rounds)
    ours = statistics.median(used["kernels"])
    told = (
        f"{way} {statistics.median(values) * 1e3:.2f} ms ({statistics.median(values) / ours:.2f})"
        for way, values in used.items()
    )
    print(f"{name:42} {'   '.join(told)}", flush=True)


if __name__ == "__main__":
    main()
