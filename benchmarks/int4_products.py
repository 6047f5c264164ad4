"""Which way of multiplying 4-bit weights is fastest on this CPU: milliseconds by shape and number of rows.

    python benchmarks/int4_products.py [--shapes 4096x12288,1024x3072] [--rows 1,20,128,512]

`int4` is the package's: weights brought back to bytes, rows in bytes. `floats` brings them back to float32 and
multiplies float32 rows. `int4pack` is PyTorch's weight-only product, of rows in bfloat16 and in float32, groups of 32.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Callable
from functools import partial

import torch
from _alternating import alternate
from torch import Tensor
from torch.nn import functional

from embedrank.model.allocator import keep_freed_memory
from embedrank.model.quantise.int4 import GROUP, Int4Projection
from embedrank.model.quantise.int8 import Int8Projection
from embedrank.model.quantise.token_rows import TokenQuantiser

PACK_GROUP = 32
TOLERANCE = 0.15  # of the exact product's norm: 4 bits, not another product
SLOW_S = 1.0


def floats(weight_OI: Tensor) -> Callable[[Tensor], Tensor]:
    """Nibbles brought back to float32 for every call."""
    groups = weight_OI.unflatten(1, (-1, GROUP))
    scale = groups.abs().amax(2, keepdim=True) / 7
    numbers = (groups / scale).round().add_(8).flatten(1).to(torch.uint8)
    lower, upper = numbers.chunk(2, dim=1)
    nibbles = lower | upper << 4

    def multiply(rows: Tensor) -> Tensor:
        whole = torch.cat((nibbles & 15, nibbles >> 4), dim=1).float().unflatten(1, (-1, GROUP))
        return functional.linear(rows, whole.sub_(8).mul_(scale).flatten(1))

    return multiply


def int4pack(weight_OI: Tensor, dtype: torch.dtype) -> Callable[[Tensor], Tensor]:
    """PyTorch's `_weight_int4pack_mm_for_cpu`."""
    groups = weight_OI.unflatten(1, (-1, PACK_GROUP))
    scale = groups.abs().amax(2, keepdim=True) / 7
    packed = torch._convert_weight_to_int4pack_for_cpu((groups / scale).round().add_(8).int().flatten(1), 1)
    scale_OG = scale.squeeze(2)
    factors = torch.stack((scale_OG, torch.zeros_like(scale_OG)), dim=2).transpose(0, 1).contiguous().to(dtype)

    def multiply(rows: Tensor) -> Tensor:
        product = torch.ops.aten._weight_int4pack_mm_for_cpu(rows.to(dtype), packed, PACK_GROUP, factors)
        return product.float()  # type: ignore[no-any-return]

    return multiply


def ways(weight: Tensor) -> dict[str, Callable[[Tensor], Tensor]]:
    """All candidates, by name."""
    return {
        "fp32": lambda rows: functional.linear(rows, weight),
        "int8": Int8Projection(weight, TokenQuantiser()),
        "int4": Int4Projection(weight, TokenQuantiser()),
        "floats": floats(weight),
        "int4pack bf16": int4pack(weight, torch.bfloat16),
        "int4pack fp32": int4pack(weight, torch.float32),
    }


@torch.inference_mode()
def row_of(shape: tuple[int, int], num_rows: int, candidates: dict[str, Callable[[Tensor], Tensor]]) -> str:
    """One line of the table: medians of calls in turns; what is slower than a second is called once."""
    states = [torch.randn(num_rows, shape[0]) for _ in range(2)]  # two, because rows seen last are not quantised again
    exact = candidates["fp32"](states[0])

    def run(multiply: Callable[[Tensor], Tensor]) -> None:
        for each in states:
            multiply(each)

    cells, quick = {}, {}
    for name, multiply in candidates.items():
        if (multiply(states[0]) - exact).norm() > TOLERANCE * exact.norm():
            raise SystemExit(f"{name} computes something else")
        (once,) = alternate({name: partial(run, multiply)}, rounds=1)[name]
        cells[name] = f"{once / len(states) * 1e3:.0f} once"
        if once < SLOW_S:
            quick[name] = partial(run, multiply)
    for name, seconds in alternate(quick, rounds=7).items():
        cells[name] = f"{statistics.median(seconds) / len(states) * 1e3:.2f}"
    return f"| {num_rows} x {shape[0]} x {shape[1]} | {' | '.join(cells.values())} |"


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shapes", default="4096x12288,1024x3072", help="inputs x outputs")
    parser.add_argument("--rows", default="1,20,128,512")
    arguments = parser.parse_args()
    keep_freed_memory()
    for number, text in enumerate(arguments.shapes.split(",")):
        inputs, outputs = map(int, text.split("x"))
        candidates = ways(torch.randn(outputs, inputs) * 0.02)
        if number == 0:
            print(f"| rows x in x out | {' | '.join(candidates)} |\n|{'---|' * (len(candidates) + 1)}")
        for num_rows in map(int, arguments.rows.split(",")):
            print(row_of((inputs, outputs), num_rows, candidates), flush=True)


if __name__ == "__main__":
    main()
