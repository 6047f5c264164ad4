"""Tokens per second of ours and of OpenVINO on the same weights, in turns in one process: float, bfloat16, 8 bits.

    python benchmarks/embed_vs_openvino.py [--shape nano|0.6b] [--rounds 3] [--texts 64] [--batch 8]

OpenVINO runs our own export, because transformers' own graph gave NaN for padded batches in OpenVINO (2026.4). It gets
texts sorted by length, so that little is padding, and for 8 bits the group size of its dynamic quantisation that was
the fastest here. Needs `pip install "embedrank[export]"`.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from _alternating import alternate, print_ratios
from _official_shape import SHAPES, embedder_folder, mixed_texts

from embedrank import Embedder
from embedrank.core.types import FloatArray
from embedrank.model.export.config import ExportConfig
from embedrank.model.export.exporting import export_model
from embedrank.model.export.padding import padded
from embedrank.model.provenance import EMBEDDER
from embedrank.model.tokenizer import TextTokenizer

ROUNDINGS = {"fp32": "f32", "bf16": "bf16"}  # ours to OpenVINO's name
QUANTISATION_GROUP = 32  # of 0, 32, 128 and whole rows the fastest


def compiled(path: Path, rounding: str, *, quantised: bool) -> Any:
    """OpenVINO's model, ready to run.

    Args:
        path: The exported graph.
        rounding: Its `INFERENCE_PRECISION_HINT`.
        quantised: Whether weights are compressed to 8 bits, and activations quantised as they come.

    Returns:
        A callable model.
    """
    import openvino

    core = openvino.Core()
    model, settings = core.read_model(path), {"INFERENCE_PRECISION_HINT": rounding}
    if quantised:
        import nncf

        model = nncf.compress_weights(model, mode=nncf.CompressWeightsMode.INT8_SYM)
        settings["DYNAMIC_QUANTIZATION_GROUP_SIZE"] = str(QUANTISATION_GROUP)
    return core.compile_model(model, "CPU", settings)


def encoder(model: Any, tokenizer: TextTokenizer, texts: Sequence[str], *, batch: int) -> Callable[[], FloatArray]:
    """What tokenises and encodes the texts, sorted by length, in padded batches."""

    def run() -> FloatArray:
        ids = [tokens for tokens, _ in tokenizer.encode_ended(texts, max_length=8192)]
        order = sorted(range(len(ids)), key=lambda index: len(ids[index]))
        vectors = []
        for start in range(0, len(order), batch):
            rows = [ids[index] for index in order[start : start + batch]]
            vectors.append(np.array(model(dict(enumerate(padded(rows, pad_id=tokenizer.end_id, side="right"))))[0]))
        return np.concatenate(vectors)[np.argsort(order)]

    return run


def main() -> None:
    """Measure all systems in turns and print a table of ratios for each of ours."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shape", choices=SHAPES, default="nano")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--texts", type=int, default=64)
    parser.add_argument("--batch", type=int, default=8)
    arguments = parser.parse_args()
    source = str(embedder_folder(arguments.shape))
    tokenizer = TextTokenizer.load(Path(source))
    texts = mixed_texts(tokenizer, count=arguments.texts, median=100, longest=512, seed=0)
    ours = {f"embedrank {dtype}": Embedder.load(source, dtype=dtype, device="cpu") for dtype in (*ROUNDINGS, "int8")}
    systems: dict[str, Callable[[], FloatArray]] = {
        name: lambda model=model: model.encode_documents(texts)  # type: ignore[misc]
        for name, model in ours.items()
    }
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "openvino"
        export_model(source, target, ExportConfig(format="openvino", dtype="fp32", kind=EMBEDDER))
        graph = target / "openvino_model.xml"
        kinds = {**{f"openvino {dtype}": (hint, False) for dtype, hint in ROUNDINGS.items()}}
        kinds["openvino int8"] = ("bf16" if torch.cpu._is_amx_tile_supported() else "f32", True)
        for name, (rounding, quantised) in kinds.items():
            model = compiled(graph, rounding, quantised=quantised)
            systems[name] = encoder(model, tokenizer, texts, batch=arguments.batch)
        measure(systems, arguments.rounds, num_tokens(ours["embedrank fp32"], texts))


def num_tokens(model: Embedder, texts: Sequence[str]) -> int:
    """Tokens of all texts."""
    return sum(model.encode_documents_reported(texts).num_tokens)


def measure(systems: dict[str, Callable[[], FloatArray]], rounds: int, amount: int) -> None:
    """Warm up, tell how near all come to float32, run in turns, and compare with each of ours."""
    vectors = {name: run() for name, run in systems.items()}
    exact = vectors["embedrank fp32"]
    lowest = ", ".join(f"{name} {(rows * exact).sum(1).min():.4f}" for name, rows in vectors.items())
    print(f"{len(exact)} texts, {amount} tokens, {torch.get_num_threads()} threads; lowest cosines: {lowest}")
    seconds = alternate(systems, rounds=rounds)
    for name in systems:
        if name.startswith("embedrank"):
            print(f"{name} beside all others")
            print_ratios(seconds, ours=name, amount=amount, unit="tokens")


if __name__ == "__main__":
    main()
