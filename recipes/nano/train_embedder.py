"""Train the nano embedder: token table, then decoder. Resumes where it stopped.

python recipes/nano/train_embedder.py --rows ROWS --tokenizer FOLDER --out FOLDER [--config embedder.yaml]
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from bag import learn_table
from held_out import SKIPPED, split
from reporting import report, show_reciprocal_ranks

from embedrank.core.settings import build, read_yaml
from embedrank.model.config import DecoderConfig
from embedrank.model.decoder import Decoder
from embedrank.model.initialize import initialize
from embedrank.model.tokenizer import TextTokenizer
from embedrank.training.embedder_config import EmbedderObjectiveConfig
from embedrank.training.embedder_objective import EmbedderObjective
from embedrank.training.loop import LoopConfig, StepReport, autocast, train
from embedrank.training.mixing import Mixture, MixtureConfig
from embedrank.training.token_table import lay_under

PADDING = 0.2


def main() -> None:
    """Read the settings, run both stages, leave `decoder.pt`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=Path, required=True)
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--config", type=Path, default=Path(__file__).with_name("embedder.yaml"))
    arguments = parser.parse_args()
    settings = read_yaml(arguments.config)
    tokenizer = TextTokenizer.load(arguments.tokenizer)
    rows, held = split(arguments.rows, skip=SKIPPED)
    shape = build(DecoderConfig, settings["decoder"])
    size = (shape.vocab_size, shape.hidden_size)
    table = learn_table(settings["table"], tokenizer, rows, held, shape=size, folder=arguments.out / "table")

    decoder = Decoder(shape)
    decoder.max_padding = PADDING
    initialize(decoder, seed=0)
    lay_under(decoder, table, end_id=tokenizer.end_id)
    decoder.compile_blocks()
    config = build(EmbedderObjectiveConfig, settings["objective"])
    objective = EmbedderObjective(decoder, tokenizer, config)

    def check() -> None:
        with autocast(decoder):
            show_reciprocal_ranks(objective.embed, held, tokenizer, config)

    def report_and_check(step: StepReport) -> None:
        report(step)
        if step.step % 200 == 0:
            check()

    train(
        objective,
        Mixture(rows, build(MixtureConfig, settings["mixture"])),
        build(LoopConfig, settings["loop"]),
        folder=arguments.out / "decoder",
        on_step=report_and_check,
    )
    check()
    torch.save(decoder.state_dict(), arguments.out / "decoder.pt")


if __name__ == "__main__":
    main()
