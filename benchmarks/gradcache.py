"""Peak memory and time of training steps, whole and in passes (GradCache), at the shape of the nano embedder.

python benchmarks/gradcache.py [--sizes 64 512 4096] [--whole 64 512] [--rounds 5] [--timed 512]

Memory: each step runs in a process of its own; what counts is how far its largest resident size rises above that before
the step. Time: both kinds of steps in turns in one process.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import statistics
import subprocess
import sys
from functools import partial

import torch
from _alternating import alternate

from embedrank.model.config import DecoderConfig
from embedrank.model.decoder import Decoder
from embedrank.model.initialize import initialize
from embedrank.model.resolve import resolve
from embedrank.model.tokenizer import TextTokenizer
from embedrank.training.embedder_config import EmbedderObjectiveConfig
from embedrank.training.embedder_objective import EmbedderObjective
from embedrank.training.gradients import Gradients
from embedrank.training.loop_config import LoopConfig
from embedrank.training.losses.info_nce import InfoNCEConfig
from embedrank.training.parallel.alone import Alone
from embedrank.training.rows import TrainingRow

DIMS = (320, 256, 128, 64, 32)
WORDS = (
    "river",
    "city",
    "water",
    "night",
    "garden",
    "engine",
    "paper",
    "market",
    "winter",
    "bridge",
    "doctor",
    "signal",
    "forest",
)
KINDS = {"whole": False, "in passes": True}


def rows(count: int) -> list[TrainingRow]:
    """Random rows: queries of some ten words, documents of some forty."""
    draw = random.Random(0)

    def text(length: int, number: int) -> str:
        return " ".join(draw.choices(WORDS, k=draw.randint(length // 2, length * 3 // 2))) + f" {number}"

    return [
        TrainingRow(task="retrieval", query=text(8, i), positives=(text(36, i),), source="random") for i in range(count)
    ]


def steps(pack_tokens: int, loss_rows: int) -> dict[str, Gradients]:
    """Both kinds of steps over one random model."""
    folder = resolve("nano", kind="embedder")
    decoder = Decoder(DecoderConfig.from_json(folder / "config.json"))
    initialize(decoder, seed=0)
    for parameter in decoder.parameters():
        parameter.grad = torch.zeros_like(parameter)  # so that gradients do not count as the step's memory
    config = EmbedderObjectiveConfig(
        dims=DIMS, loss=InfoNCEConfig(temperature=0.05), pack_tokens=pack_tokens, loss_rows=loss_rows
    )
    objective = EmbedderObjective(decoder, TextTokenizer.load(folder), config)
    return {
        kind: Gradients(objective, Alone(), LoopConfig(num_steps=1, learning_rate=1.0, in_passes=in_passes, bf16=False))
        for kind, in_passes in KINDS.items()
    }


def rise(kind: str, size: int, pack_tokens: int, loss_rows: int) -> dict[str, float]:
    """Megabytes by which one step raises this process's largest resident size, and its loss."""
    step, batch = steps(pack_tokens, loss_rows)[kind], rows(size)
    step.add(batch[:2])  # what libraries take once
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    loss = step.add(batch)
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"megabytes": (after - before) / 1024, "loss": loss}


def main() -> None:
    """Measure both, print a table and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[64, 512, 4096])
    parser.add_argument("--whole", type=int, nargs="*", default=[64, 512], help="sizes to run whole as well")
    parser.add_argument("--timed", type=int, default=512)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--pack-tokens", type=int, default=2048)
    parser.add_argument("--loss-rows", type=int, default=128)
    parser.add_argument("--child", nargs=2, metavar=("KIND", "SIZE"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    shape = (arguments.pack_tokens, arguments.loss_rows)
    if arguments.child:
        print(json.dumps(rise(arguments.child[0], int(arguments.child[1]), *shape)))
        return
    settings = ["--pack-tokens", str(shape[0]), "--loss-rows", str(shape[1])]
    for kind, sizes in (("in passes", arguments.sizes), ("whole", arguments.whole)):
        for size in sizes:
            command = [sys.executable, __file__, *settings, "--child", kind, str(size)]
            found = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
            print(f"{kind:10} batch {size:5}: {found['megabytes']:7.0f} MB above idle, loss {found['loss']:.6f}")
    batch = rows(arguments.timed)
    systems = {kind: partial(step.add, batch) for kind, step in steps(*shape).items()}
    for run in systems.values():
        run()
    seconds = alternate(systems, rounds=arguments.rounds)
    ratios = [cached / whole for cached, whole in zip(seconds["in passes"], seconds["whole"], strict=True)]
    print(
        f"batch {arguments.timed}, {torch.get_num_threads()} threads: in passes takes "
        f"{statistics.median(ratios):.2f} x the time (min {min(ratios):.2f}, max {max(ratios):.2f})"
    )


if __name__ == "__main__":
    main()
