"""Tokens per second of ours and of sentence-transformers on the exact 0.6B shape, in turns in one process.

    python benchmarks/embed_vs_sentence_transformers.py [--rounds 3] [--texts 64] [--dtype bf16]

Ratios count; absolute figures depend on the machine and on its neighbours. Processors without AMX take many minutes.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from _alternating import alternate, print_ratios
from _official_shape import DTYPES, FOLDER, make_folder, mixed_texts

from embedrank import Embedder
from embedrank.model.tokenizer import TextTokenizer


def main() -> None:
    """Measure all systems in turns and print a table of ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--texts", type=int, default=64)
    parser.add_argument("--dtype", choices=tuple(DTYPES), default="bf16")
    parser.add_argument("--folder", type=Path, default=FOLDER)
    arguments = parser.parse_args()
    from sentence_transformers import SentenceTransformer

    folder = make_folder(arguments.folder)
    texts = mixed_texts(TextTokenizer.load(folder), count=arguments.texts, median=100, longest=512, seed=0)
    ours = Embedder.load(str(folder), dtype=arguments.dtype)
    num_tokens = sum(ours.encode_documents_reported(texts).num_tokens)
    quantised = Embedder.load(str(folder), dtype="int8", device="cpu")
    theirs = SentenceTransformer(str(folder), device="cpu", model_kwargs={"dtype": DTYPES[arguments.dtype]})
    systems: dict[str, Callable[[], np.ndarray]] = {
        "embedrank": lambda: ours.encode_documents(texts),
        "embedrank, int8": lambda: quantised.encode_documents(texts),
        "sentence-transformers, batch 32 (default)": lambda: theirs.encode(texts),
        "sentence-transformers, batch 8": lambda: theirs.encode(texts, batch_size=8),
    }
    vectors = {name: run() for name, run in systems.items()}  # also warms up
    reference = vectors["sentence-transformers, batch 8"].astype(np.float32)
    cosine, cosine_int8 = ((vectors[name] * reference).sum(1).min() for name in ("embedrank", "embedrank, int8"))
    print(
        f"{len(texts)} texts, {num_tokens} tokens, {arguments.dtype}, {torch.get_num_threads()} threads, "
        f"lowest cosine {cosine:.4f}, int8 {cosine_int8:.4f}"
    )
    seconds = alternate(systems, rounds=arguments.rounds)
    print_ratios(seconds, ours="embedrank", amount=num_tokens, unit="tokens")


if __name__ == "__main__":
    main()
