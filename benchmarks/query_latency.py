"""Latency of one query of about 20 tokens: ours, without our kernels, and sentence-transformers, in turns; p50 and p95.

python benchmarks/query_latency.py [--shape nano|0.6b] [--dtype fp32] [--queries 50]
"""

from __future__ import annotations

import argparse
from functools import partial
from typing import Any

import numpy as np
import torch
from _alternating import alternate
from _official_shape import DTYPES, SHAPES, embedder_folder

from embedrank import Embedder

QUERY = "which river flows through the largest city of the country, and where does it meet the sea?"
WARM_UP = 12  # more than the short calls after which weights are packed


def main() -> None:
    """Measure both in turns and print percentiles."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shape", choices=SHAPES, default="nano")
    parser.add_argument("--dtype", choices=tuple(DTYPES), default="fp32")
    parser.add_argument("--queries", type=int, default=50)
    arguments = parser.parse_args()
    import sentence_transformers

    folder = embedder_folder(arguments.shape)
    ours, plain = (
        Embedder.load(str(folder), dtype=arguments.dtype, device="cpu", native=native) for native in ("wait", "off")
    )
    load: Any = sentence_transformers.SentenceTransformer
    theirs = load(str(folder), device="cpu", model_kwargs={"dtype": DTYPES[arguments.dtype]})
    systems = {
        "embedrank": partial(ours.encode_queries, [QUERY]),
        "embedrank, PyTorch only": partial(plain.encode_queries, [QUERY]),
        "sentence-transformers": partial(theirs.encode, [QUERY], prompt_name="query"),
    }
    for run in systems.values():
        for _ in range(WARM_UP):
            run()
    seconds = alternate(systems, rounds=arguments.queries)
    num_tokens = ours.encode_queries_reported([QUERY]).num_tokens[0]
    print(
        f"one query of {num_tokens} tokens, shape {arguments.shape}, {arguments.dtype}, "
        f"{torch.get_num_threads()} threads"
    )
    p50, p95 = np.percentile(seconds["embedrank"], [50, 95])
    for name, values in seconds.items():
        their_p50, their_p95 = np.percentile(values, [50, 95])
        print(
            f"{name:25} p50 {their_p50 * 1e3:7.1f} ms  p95 {their_p95 * 1e3:7.1f} ms   "
            f"ours is {their_p50 / p50:.2f} x at p50, {their_p95 / p95:.2f} x at p95"
        )


if __name__ == "__main__":
    main()
