"""Train the nano embedder: token table, then decoder. Resumes where it stopped.

python recipes/nano/train_embedder.py --rows ROWS [--rows MORE ...] --tokenizer FOLDER --out FOLDER
    [--taught FOLDER] [--config embedder.yaml]

`--taught` holds the vectors of a teacher (`targets.py`); without it the rows alone teach.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from bag import learn_table, taught
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
from embedrank.training.rows import TrainingRow
from embedrank.training.taught import TaughtVectors
from embedrank.training.token_table import lay_under

PADDING = 0.0  # of attention's groups: LOG.md, 2026-11-25


def main() -> None:
    """Read the settings, run both stages, leave `decoder.pt`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=Path, required=True, action="append")
    parser.add_argument("--taught", type=Path)
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--config", type=Path, default=Path(__file__).with_name("embedder.yaml"))
    arguments = parser.parse_args()
    settings = read_yaml(arguments.config)
    tokenizer = TextTokenizer.load(arguments.tokenizer)
    teacher = TaughtVectors.load(arguments.taught) if arguments.taught else None
    rows: dict[str, list[TrainingRow]] = {}
    held: dict[str, list[TrainingRow]] = {}
    for folder in arguments.rows:  # of sources with one name the last is taken
        for found, kept in zip(split(folder, skip=SKIPPED), (rows, held), strict=True):
            kept.update(found)
    shape = build(DecoderConfig, settings["decoder"])
    size = (shape.vocab_size, shape.hidden_size)
    table = learn_table(
        settings["table"], tokenizer, rows, held, shape=size, folder=arguments.out / "table", teacher=teacher
    )

    decoder = Decoder(shape)
    decoder.max_padding = PADDING
    initialize(decoder, seed=0)
    lay_under(decoder, table, end_id=tokenizer.end_id)
    config = build(EmbedderObjectiveConfig, settings["objective"])
    student = EmbedderObjective(decoder, tokenizer, config)

    def check() -> None:
        with autocast(decoder):
            show_reciprocal_ranks(student.embed, held, tokenizer, config)

    def report_and_check(step: StepReport) -> None:
        report(step)
        if step.step % 200 == 0:
            check()

    train(
        taught(student, settings, teacher),
        Mixture(rows, build(MixtureConfig, settings["mixture"])),
        build(LoopConfig, settings["loop"]),
        folder=arguments.out / "decoder",
        on_step=report_and_check,
    )
    check()
    torch.save(decoder.state_dict(), arguments.out / "decoder.pt")


if __name__ == "__main__":
    main()
