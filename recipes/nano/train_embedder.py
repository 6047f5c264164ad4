"""Train the nano embedder: token table, then decoder. Resumes where it stopped.

python recipes/nano/train_embedder.py --rows ROWS --tokenizer FOLDER --out FOLDER [--config embedder.yaml]
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import torch
from held_out import mean_reciprocal_ranks, split
from torch import Tensor
from torch.nn.functional import normalize

from embedrank.model.config import DecoderConfig
from embedrank.model.decoder import Decoder
from embedrank.model.initialize import initialize
from embedrank.model.tokenizer import TextTokenizer
from embedrank.training.embedder_objective import EmbedderObjective, EmbedderObjectiveConfig
from embedrank.training.loop import LoopConfig, StepReport, train
from embedrank.training.mixing import Mixture, MixtureConfig
from embedrank.training.rows import TrainingRow
from embedrank.training.settings import build, read_yaml
from embedrank.training.token_table import TokenTable, TokenTableObjective, lay_under
from embedrank.training.tokenized import tokenize_for_embedder

SKIPPED = ("banking77", "hwu64", "sib200")  # labels as positives need a loss without in-batch negatives
PADDING = 0.2


def report(step: StepReport) -> None:
    """One line every twenty steps."""
    if step.step % 20 == 0:
        print(
            f"step {step.step} loss {step.loss:.4f} norm {step.grad_norm:.2f} rate {step.learning_rate:.2e} "
            f"{step.seconds:.2f} s {step.source}",
            flush=True,
        )


def show_held_out(
    objective: TokenTableObjective | EmbedderObjective,
    held: dict[str, list[TrainingRow]],
    tokenizer: TextTokenizer,
    config: EmbedderObjectiveConfig,
) -> None:
    """Print the figures on the kept-aside rows."""
    embed = objective.embed if isinstance(objective, EmbedderObjective) else objective.module

    def vectors(rows: Sequence[TrainingRow]) -> tuple[Tensor, Tensor]:
        batch = tokenize_for_embedder(
            rows, tokenizer, max_query=config.max_query_tokens, max_document=config.max_document_tokens, num_negatives=0
        )
        return normalize(embed(batch.queries).float(), dim=-1), normalize(embed(batch.positives).float(), dim=-1)

    figures = mean_reciprocal_ranks(held, vectors)
    print(
        f"held out: mean {sum(figures.values()) / len(figures):.4f} "
        + " ".join(f"{name}={value:.3f}" for name, value in figures.items()),
        flush=True,
    )


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
    torch.manual_seed(0)

    shape = build(DecoderConfig, settings["decoder"])
    stage = settings["table"]
    table = TokenTable(shape.vocab_size, shape.hidden_size)
    config = build(EmbedderObjectiveConfig, stage["objective"])
    bag = TokenTableObjective(table, tokenizer, config)
    train(
        bag,
        Mixture(rows, build(MixtureConfig, stage["mixture"])),
        build(LoopConfig, stage["loop"]),
        folder=arguments.out / "table",
        on_step=report,
    )
    show_held_out(bag, held, tokenizer, config)

    decoder = Decoder(shape)
    decoder.max_padding = PADDING
    initialize(decoder, seed=0)
    lay_under(decoder, table.weight.detach(), end_id=tokenizer.end_id)
    decoder.compile_blocks()
    config = build(EmbedderObjectiveConfig, settings["objective"])
    objective = EmbedderObjective(decoder, tokenizer, config)

    def report_and_check(step: StepReport) -> None:
        report(step)
        if step.step % 200 == 0:
            with torch.autocast("cpu", dtype=torch.bfloat16):
                show_held_out(objective, held, tokenizer, config)

    train(
        objective,
        Mixture(rows, build(MixtureConfig, settings["mixture"])),
        build(LoopConfig, settings["loop"]),
        folder=arguments.out / "decoder",
        on_step=report_and_check,
    )
    with torch.autocast("cpu", dtype=torch.bfloat16):
        show_held_out(objective, held, tokenizer, config)
    torch.save(decoder.state_dict(), arguments.out / "decoder.pt")


if __name__ == "__main__":
    main()
