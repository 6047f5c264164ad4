"""Embedding on a GPU: each attention backend, compiled and replayed, beside sentence-transformers; with MFU.

    python benchmarks/gpu_embed.py [--rounds 5] [--texts 2048] [--dtype bf16] [--peak-tflops 989.4]

The exact 0.6B shape with random weights. sentence-transformers runs with FlashAttention 2 where installed, else SDPA,
at the batch size that is best for it here. All systems run in turns. MFU counts the products that the model needs (see
`embedrank/model/flops.py`) over the card's dense peak in `--dtype`: end to end with tokenising, and of the model alone
on packs made before. Without a GPU it says so and ends; `--device cpu --model nano --peak-tflops 1` tries the script.
"""

from __future__ import annotations

import argparse
import importlib.util
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from _official_shape import FOLDER, make_folder, mixed_texts

from embedrank import Embedder
from embedrank.core.errors import InvalidInputError
from embedrank.model.attention_backends import BACKENDS
from embedrank.model.config import DecoderConfig
from embedrank.model.decoder import Decoder
from embedrank.model.flops import Flops, forward_flops
from embedrank.model.gpu_peaks import peak_flops
from embedrank.model.packing import Pack, pack_by_budget
from embedrank.model.resolve import resolve
from embedrank.model.tokenizer import TextTokenizer

DTYPES = {"bf16": torch.bfloat16, "fp16": torch.float16}
BATCH_SIZES = (8, 16, 32, 64, 128, 256)
LATENCY_RUNS = 50
RIVAL = "sentence-transformers"


@dataclass(slots=True, kw_only=True)
class System:
    """Something that embeds, and how long each round took; `forward` runs the model alone on packs made before."""

    name: str
    encode: Callable[[Sequence[str]], Any]
    forward: Callable[[], None] | None = None
    seconds: list[float] = field(default_factory=list)

    def run(self, texts: Sequence[str], device: str) -> Any:
        """Encode once and note the time."""
        started = time.perf_counter()
        vectors = self.encode(texts)
        synchronise(device)
        self.seconds.append(time.perf_counter() - started)
        return vectors


def main() -> None:
    """Measure all systems in turns and print tables."""
    arguments = parse()
    if arguments.device != "cpu" and not torch.cuda.is_available():
        print("no GPU here: nothing measured (torch finds no CUDA device)")
        return
    folder = make_folder(arguments.folder) if arguments.model is None else resolve(arguments.model, kind="embedder")
    card = torch.cuda.get_device_name() if arguments.device != "cpu" else "CPU"
    peak = arguments.peak_tflops * 1e12 if arguments.peak_tflops else peak_flops(card, arguments.dtype)
    print(f"{card}, torch {torch.__version__}, {arguments.dtype}, peak {_tera(peak)}")
    texts = mixed_texts(
        TextTokenizer.load(folder), count=arguments.texts, median=arguments.median, longest=arguments.longest, seed=0
    )
    systems = [*ours(folder, texts, arguments), *rival(folder, texts, arguments)]
    lengths = [len(ids) for ids in tokenised(folder, texts, arguments)]
    flops = forward_flops(DecoderConfig.from_json(folder / "config.json"), lengths)
    compare(systems, texts, sum(lengths), flops, peak, arguments)
    latency(folder, arguments)


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--texts", type=int, default=2048)
    parser.add_argument("--median", type=int, default=100, help="median tokens of a text")
    parser.add_argument("--longest", type=int, default=512, help="most tokens of a text")
    parser.add_argument("--dtype", choices=tuple(DTYPES), default="bf16")
    parser.add_argument("--max-batch-tokens", type=int, default=32768)
    parser.add_argument("--peak-tflops", type=float, help="dense peak of the card in the dtype; else from the table")
    parser.add_argument("--no-compile", action="store_true", help="leave the compiled variants out")
    parser.add_argument("--model", help="another model than the 0.6B shape: preset, folder or hub id")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--folder", type=Path, default=FOLDER)
    return parser.parse_args()


def ours(folder: Path, texts: Sequence[str], arguments: argparse.Namespace) -> list[System]:
    """Every backend that runs here, plain and compiled, and fp8; what cannot run is told with its reason."""
    systems = []
    packs = packed(tokenised(folder, texts, arguments), arguments)
    variants = [(name, arguments.dtype) for name in BACKENDS if name != "plain"] + [("auto", "fp8")]
    for attention, dtype in variants:
        for compiled in (False,) if arguments.no_compile else (False, True):
            name = f"embedrank {dtype if dtype == 'fp8' else ''} {attention}{', compiled' if compiled else ''}"
            try:
                embedder = load(folder, arguments, attention=attention, dtype=dtype)
            except InvalidInputError as error:
                print(f"left out: {error}")
                break
            if compiled:
                decoder_of(embedder).compile_blocks()
            forward = partial(run_packs, decoder_of(embedder), packs, arguments.device)
            systems.append(System(name=" ".join(name.split()), encode=embedder.encode_documents, forward=forward))
    return systems


def rival(folder: Path, texts: Sequence[str], arguments: argparse.Namespace) -> list[System]:
    """sentence-transformers with its best attention here, at its default batch and at its best one."""
    from sentence_transformers import SentenceTransformer

    has_flash = arguments.device != "cpu" and importlib.util.find_spec("flash_attn") is not None
    attention = "flash_attention_2" if has_flash else "sdpa"
    model = SentenceTransformer(
        str(folder),
        device=arguments.device,
        model_kwargs={"dtype": DTYPES[arguments.dtype], "attn_implementation": attention},
    )
    model.max_seq_length = arguments.longest + 8
    model.encode(texts[:64])
    seconds = {}
    for size in BATCH_SIZES:
        try:
            started = time.perf_counter()
            model.encode(texts, batch_size=size)
            seconds[size] = time.perf_counter() - started
        except torch.OutOfMemoryError:
            print(f"{RIVAL} runs out of memory at batch {size}")
    best = min(seconds, key=lambda size: seconds[size])
    return [
        System(name=f"{RIVAL} {attention}, batch {size}", encode=partial(model.encode, batch_size=size))
        for size in dict.fromkeys((best, 32))
    ]


def compare(
    systems: Sequence[System],
    texts: Sequence[str],
    num_tokens: int,
    flops: Flops,
    peak: float | None,
    arguments: argparse.Namespace,
) -> None:
    """Run all in turns; print tokens a second, ratios to the rival's best and MFU."""
    for system in systems:
        system.encode(texts)  # warms up, compiles, and meets every shape
    vectors = {}
    for _ in range(arguments.rounds):
        for system in systems:
            vectors[system.name] = normed(system.run(texts, arguments.device))
    best = next(system for system in systems if system.name.startswith(RIVAL))
    print(f"{len(texts)} texts, {num_tokens} tokens, {flops.total / 1e12:.2f} TFLOP, rounds {arguments.rounds}")
    columns = " ".join(f"{name:>{width}}" for name, width in (("tokens/s", 10), ("ratio min", 9), ("median", 7)))
    print(f"{'system':44} {columns} {'max':>6} {'MFU':>6} {'alone':>6} {'cosine':>7}")
    for system in systems:
        ratios = sorted(theirs / mine for theirs, mine in zip(best.seconds, system.seconds, strict=True))
        median = statistics.median(system.seconds)
        alone = None if system.forward is None else median_seconds(system.forward, arguments.rounds)
        shares = [_share(flops, seconds, peak) for seconds in (median, alone)]
        cosine = (vectors[system.name] * vectors[best.name]).sum(1).min()
        print(
            f"{system.name:44} {num_tokens / median:10.0f} {ratios[0]:9.2f} {statistics.median(ratios):7.2f} "
            f"{ratios[-1]:6.2f} {shares[0]:>6} {shares[1]:>6} {cosine:7.4f}"
        )


def latency(folder: Path, arguments: argparse.Namespace) -> None:
    """Time of one short query and of eight, eager and replayed from graphs."""
    queries = mixed_texts(TextTokenizer.load(folder), count=8, median=20, longest=32, seed=1)
    embedders = {"eager": load(folder, arguments)}
    try:
        embedders["CUDA graphs"] = load(folder, arguments, cuda_graphs=True)
    except InvalidInputError as error:
        print(f"left out: {error}")
    for count in (1, 8):
        times: dict[str, list[float]] = {name: [] for name in embedders}
        for turn in range(LATENCY_RUNS + 3):
            for name, embedder in embedders.items():
                started = time.perf_counter()
                embedder.encode_documents(queries[:count])  # hands over numpy, hence waits for the device
                if turn >= 3:
                    times[name].append(1e3 * (time.perf_counter() - started))
        for name, values in times.items():
            p95 = sorted(values)[int(0.95 * len(values))]
            print(f"{count} queries, {name:12} p50 {statistics.median(values):7.2f} ms   p95 {p95:7.2f} ms")


def load(
    folder: Path, arguments: argparse.Namespace, *, attention: str = "auto", dtype: str = "", cuda_graphs: bool = False
) -> Embedder:
    """An embedder as the command line wants it."""
    return Embedder.load(
        str(folder),
        device=arguments.device,
        dtype=dtype or arguments.dtype,
        attention=attention,
        cuda_graphs=cuda_graphs,
        max_length=arguments.longest + 8,
        max_batch_tokens=arguments.max_batch_tokens,
    )


def decoder_of(embedder: Embedder) -> Decoder:
    """The decoder inside; benchmarks may look."""
    decoder = embedder._decoder
    assert isinstance(decoder, Decoder)
    return decoder


def tokenised(folder: Path, texts: Sequence[str], arguments: argparse.Namespace) -> list[list[int]]:
    """Token ids of the texts."""
    return [ids for ids, _ in TextTokenizer.load(folder).encode_ended(texts, max_length=arguments.longest + 8)]


def packed(sequences: Sequence[list[int]], arguments: argparse.Namespace) -> list[Pack]:
    """The packs that an embedder makes of them, on the device."""
    budget = pack_by_budget([len(ids) for ids in sequences], max_tokens=arguments.max_batch_tokens)
    return [Pack.of([sequences[index] for index in indices], device=arguments.device) for indices in budget]


@torch.inference_mode()
def run_packs(decoder: Decoder, packs: Sequence[Pack], device: str) -> None:
    """The model alone: no tokenising, no pooling, nothing copied from or to the device."""
    for pack in packs:
        decoder(pack)
    synchronise(device)


def median_seconds(work: Callable[[], None], rounds: int) -> float:
    """Median time of some runs after one to warm up."""
    work()
    seconds = []
    for _ in range(rounds):
        started = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds)


def normed(vectors: Any) -> np.ndarray:
    """Rows of length one in float32; a rival's half precision leaves them a little off."""
    exact = np.asarray(vectors, dtype=np.float32)
    rows: np.ndarray = exact / np.linalg.norm(exact, axis=1, keepdims=True)
    return rows


def synchronise(device: str) -> None:
    """Wait until the device has done what it was told."""
    if device != "cpu":
        torch.cuda.synchronize()


def _share(flops: Flops, seconds: float | None, peak: float | None) -> str:
    return "" if seconds is None or peak is None else f"{flops.utilisation(seconds=seconds, peak=peak):.1%}"


def _tera(peak: float | None) -> str:
    return "unknown (say --peak-tflops)" if peak is None else f"{peak / 1e12:.1f} TFLOPS"


if __name__ == "__main__":
    main()
