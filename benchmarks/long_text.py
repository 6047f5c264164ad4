"""Peak memory of one process that loads the 0.6B shape and embeds long texts: does it grow with length, with number?

    python benchmarks/long_text.py [--dtype bf16] [--lengths 2048 8192 32768] [--many 4]

Each line is a process of its own; its peak (VmHWM) holds interpreter, libraries, weights and activations. The last line
embeds `--many` texts of the second length in one call, where attention over all of them must not add up.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time

from _memory import memory_mib
from _official_shape import FOLDER, WORDS, make_folder

from embedrank import Embedder


def text_of(num_tokens: int, embedder: Embedder) -> str:
    """A text of about so many tokens, never more; the end token is one of them."""
    (num_tokens_of_words,) = embedder.encode_documents_reported([" ".join(WORDS)]).num_tokens
    tokens_a_word = num_tokens_of_words / len(WORDS)
    words = int((num_tokens - 1) / tokens_a_word)
    return " ".join(WORDS[place % len(WORDS)] for place in range(words))


def measure(dtype: str, length: int, count: int) -> None:
    """Embed in this process and print one row of the table."""
    embedder = Embedder.load(str(FOLDER), dtype=dtype, device="cpu", native="wait")
    loaded = memory_mib("VmHWM")
    text = text_of(length, embedder)
    begun = time.perf_counter()
    encoded = embedder.encode_documents_reported([f"{number} {text}" for number in range(count)])
    seconds = time.perf_counter() - begun
    tokens = sum(encoded.num_tokens)
    figures = f"{loaded:,.0f} | {memory_mib('VmHWM'):,.0f} | {seconds:,.1f} | {tokens / seconds:,.0f}"
    print(f"| {count} | {tokens:,} | {figures} |", flush=True)


def main() -> None:
    """Print the table, a process a row."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dtype", default="bf16")
    parser.add_argument("--lengths", type=int, nargs="+", default=[2048, 8192, 32768])
    parser.add_argument("--many", type=int, default=4)
    parser.add_argument("--only", type=int, nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.only:
        measure(arguments.dtype, *arguments.only)
        return
    make_folder(FOLDER)
    print(f"0.6B shape, {arguments.dtype}, peak resident memory in MiB\n")
    print("| texts | tokens | after loading | peak | seconds | tokens/s |\n|---|---|---|---|---|---|", flush=True)
    cases = [(length, 1) for length in arguments.lengths] + [(arguments.lengths[1], arguments.many)]
    for length, count in cases:
        command = [sys.executable, __file__, "--dtype", arguments.dtype, "--only", str(length), str(count)]
        subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
