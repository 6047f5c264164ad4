"""Train the nano reranker from the nano embedder's token table. Resumes where it stopped.

python recipes/nano/train_reranker.py --rows MINED --table RUN/table --tokenizer FOLDER --out FOLDER
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path

import torch
from held_out import split
from train_embedder import PADDING, report

from embedrank.core.prompts import rerank_template
from embedrank.model.config import DecoderConfig
from embedrank.model.decoder import Decoder
from embedrank.model.head import yes_no_ids
from embedrank.model.initialize import initialize
from embedrank.model.tokenizer import TextTokenizer
from embedrank.training.checkpoint import load_latest
from embedrank.training.comparing import centre, start_comparing
from embedrank.training.loop import LoopConfig, StepReport, train
from embedrank.training.mixing import Mixture, MixtureConfig
from embedrank.training.reranker_objective import RerankerObjective, RerankerObjectiveConfig
from embedrank.training.rows import TrainingRow
from embedrank.training.settings import build, read_yaml
from embedrank.training.tokenized import tokenize_pairs

OPENING = "<Document"  # the token that opens the document part of the prompt
SAMPLED = 8  # rows a source to centre on
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


def warm_start(
    decoder: Decoder,
    table: Path,
    tokenizer: TextTokenizer,
    rows: dict[str, list[TrainingRow]],
    config: RerankerObjectiveConfig,
) -> None:
    """Lay the decoder on the token table and centre it on a sample of prompts."""
    state = load_latest(table)
    if state is None:
        raise SystemExit(f"no checkpoint in {table}: train the embedder first")
    template = rerank_template(config.template)
    opening, last = tokenizer.token_id(OPENING), tokenizer.encode([template.suffix])[0][-1]
    assert opening is not None, f"{OPENING} is no single token"
    start_comparing(decoder, state["module"]["weight"], opening_id=opening, last_id=last, answers=yes_no_ids(tokenizer))
    rng = random.Random(0)
    sample = [
        (row.query, text, None)
        for of_source in rows.values()
        for row in rng.sample(of_source, min(SAMPLED, len(of_source)))
        for text in (row.positives[0], row.negatives[0])
    ]
    prompts = tokenize_pairs(sample, tokenizer, template, max_length=config.max_length)
    centre(decoder, prompts, last_id=last, answers=yes_no_ids(tokenizer))


def main() -> None:
    """Read the settings, train, leave `decoder.pt`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=Path, required=True)
    parser.add_argument("--table", type=Path, required=True, help="checkpoints of the embedder's first stage")
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--config", type=Path, default=Path(__file__).with_name("reranker.yaml"))
    arguments = parser.parse_args()
    settings = read_yaml(arguments.config)
    tokenizer = TextTokenizer.load(arguments.tokenizer)
    rows, held = split(arguments.rows, skip=())
    decoder = Decoder(build(DecoderConfig, read_yaml(Path(__file__).with_name("embedder.yaml"))["decoder"]))
    decoder.max_padding = PADDING
    initialize(decoder, seed=0)
    config = build(RerankerObjectiveConfig, settings["objective"])
    warm_start(decoder, arguments.table, tokenizer, rows, config)
    decoder.compile_blocks()
    objective = RerankerObjective(decoder, tokenizer, config)

    def report_and_check(step: StepReport) -> None:
        report(step)
        if step.step % 50 == 0:
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
