"""Train the nano reranker from the nano embedder's weights. Resumes where it stopped.

python recipes/nano/train_reranker.py --rows MINED --embedder FOLDER --out FOLDER [--config reranker.yaml]
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from held_out import split
from train_embedder import PADDING, report

from embedrank.model.config import DecoderConfig
from embedrank.model.head import yes_no_ids
from embedrank.model.tokenizer import TextTokenizer
from embedrank.model.weights import Weights, load_decoder
from embedrank.training.loop import LoopConfig, StepReport, train
from embedrank.training.matching import look_for_like
from embedrank.training.mixing import Mixture, MixtureConfig
from embedrank.training.reranker_objective import RerankerObjective, RerankerObjectiveConfig
from embedrank.training.rows import TrainingRow
from embedrank.training.settings import build, read_yaml

QUIET_ANSWER = 0.02  # scale of the answers' rows at the start, so that first logits are near nought
MOST_HELD_OUT = 60


def show_held_out(objective: RerankerObjective, held: dict[str, list[TrainingRow]]) -> None:
    """Print how often the positive is put before all of its row's negatives."""
    figures = {}
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
        for source, rows in held.items():
            rows = [row for row in rows if len(row.negatives) >= 3][:MOST_HELD_OUT]
            if len(rows) < 20:
                continue
            pairs = [(row.query, text, None) for row in rows for text in (row.positives[0], *row.negatives[:3])]
            logits = objective.logits(pairs).view(len(rows), 4)
            figures[source] = float((logits[:, :1] > logits[:, 1:]).all(1).float().mean())
    print(
        f"held out: mean {sum(figures.values()) / len(figures):.4f} "
        + " ".join(f"{name}={value:.2f}" for name, value in figures.items()),
        flush=True,
    )


def main() -> None:
    """Read the settings, train, leave `decoder.pt`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=Path, required=True)
    parser.add_argument("--embedder", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--config", type=Path, default=Path(__file__).with_name("reranker.yaml"))
    arguments = parser.parse_args()
    settings = read_yaml(arguments.config)
    tokenizer = TextTokenizer.load(arguments.embedder)
    rows, held = split(arguments.rows, skip=())
    shape = DecoderConfig.from_json(arguments.embedder / "config.json")
    decoder = load_decoder(
        Weights(arguments.embedder), shape, dtype=torch.float32, device=torch.device("cpu"), trainable=True
    )
    decoder.max_padding = PADDING
    with torch.no_grad():
        decoder.embed_tokens.weight[list(yes_no_ids(tokenizer))] *= QUIET_ANSWER
    look_for_like(decoder, layer=settings["matching_layer"])
    decoder.compile_blocks()
    objective = RerankerObjective(decoder, tokenizer, build(RerankerObjectiveConfig, settings["objective"]))

    def report_and_check(step: StepReport) -> None:
        report(step)
        if step.step % 100 == 0:
            show_held_out(objective, held)

    train(
        objective,
        Mixture(rows, build(MixtureConfig, settings["mixture"])),
        build(LoopConfig, settings["loop"]),
        folder=arguments.out,
        on_step=report_and_check,
    )
    show_held_out(objective, held)
    torch.save(decoder.state_dict(), arguments.out / "decoder.pt")


if __name__ == "__main__":
    main()
