"""What cards can do at most: dense products on tensor cores, summed in float32; the table is `gpu_peaks.json`.

Source: NVIDIA's data sheets of the cards, halved where they count 2:4 sparsity.
"""

from __future__ import annotations

import json
import re
from importlib import resources

_SAME_RATE = {"fp16": "bf16"}


def peak_flops(card: str, dtype: str) -> float | None:
    """Peak of a card.

    Args:
        card: Its name as the driver tells it, such as `NVIDIA H100 80GB HBM3`.
        dtype: `bf16`, `fp16` or `fp8`.

    Returns:
        Operations a second; None where the table has no such card or type.
    """
    table = json.loads(resources.files("embedrank.model").joinpath("gpu_peaks.json").read_text(encoding="utf-8"))
    words = set(re.split(r"[\s-]+", card))
    known = [name for name in table if set(name.split()) <= words]
    if not known:
        return None
    teraflops = table[max(known, key=lambda name: len(name.split()))].get(_SAME_RATE.get(dtype, dtype))
    return None if teraflops is None else float(teraflops) * 1e12
