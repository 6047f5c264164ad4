"""Train the nano reranker: token table, warm start, then yes and no. Resumes where it stopped.

python recipes/nano/train_reranker.py --rows ROWS --mined MINED --tokenizer FOLDER --out FOLDER [--config reranker.yaml]
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from bag import learn_table
from held_out import SKIPPED, split
from rarity import rarity
from reporting import report, show_held_out
from torch import Tensor
from train_embedder import PADDING

from embedrank.core.prompts import RerankTemplate, rerank_template
from embedrank.core.settings import build, read_yaml
from embedrank.model.config import DecoderConfig
from embedrank.model.decoder import Decoder
from embedrank.model.head import yes_no_ids
from embedrank.model.initialize import initialize
from embedrank.model.tokenizer import TextTokenizer
from embedrank.training.loop import LoopConfig, StepReport, autocast, train
from embedrank.training.matching import TABLE_SIZE, fit_answers, start_matching
from embedrank.training.mixing import Mixture, MixtureConfig
from embedrank.training.reranker_config import RerankerObjectiveConfig
from embedrank.training.reranker_objective import RerankerObjective
from embedrank.training.rows import TrainingRow
from embedrank.training.tokenized_pairs import rerank_prompts

FITTED_ROWS = 12  # per source
CHECKED_ROWS, CHECKED_NEGATIVES, CHECK_EVERY = 40, 4, 400
Rows = Mapping[str, Sequence[TrainingRow]]


def sample(rows: Rows, num_rows: int, num_negatives: int) -> dict[str, list[TrainingRow]]:
    """Some rows of each source that have enough negatives."""
    rng = random.Random(0)
    fit = {name: [row for row in some if len(row.negatives) >= num_negatives] for name, some in rows.items()}
    return {name: rng.sample(some, min(num_rows, len(some))) for name, some in fit.items() if some}


def pairs_of(rows: Sequence[TrainingRow], num_negatives: int) -> list[tuple[str, str, str | None]]:
    """Each row's positive, then its first negatives."""
    return [(row.query, text, None) for row in rows for text in (row.positives[0], *row.negatives[:num_negatives])]


def check(objective: RerankerObjective, held: Rows) -> None:
    """Print how often the positive is put before all of its row's negatives."""
    figures = {}
    with torch.no_grad(), autocast(objective.module):
        for source, rows in sample(held, CHECKED_ROWS, CHECKED_NEGATIVES).items():
            if len(rows) < CHECKED_ROWS // 2:
                continue
            logits = objective.logits(pairs_of(rows, CHECKED_NEGATIVES)).view(len(rows), -1)
            figures[source] = float((logits[:, :1] > logits[:, 1:]).all(1).float().mean())
    show_held_out(figures)


def warm_start(decoder: Decoder, table: Tensor, tokenizer: TextTokenizer, rows: Rows, max_length: int) -> None:
    """Lay the decoder on the token table, and fit the answers on a sample of rows."""
    template, answers = rerank_template(), yes_no_ids(tokenizer)
    initialize(decoder, seed=0)
    start_matching(
        decoder,
        table,
        rarity(tokenizer, rows, vocab_size=decoder.config.vocab_size),
        marks=(_token(tokenizer, "<Query"), _token(tokenizer, "<Document")),
        silent=_frame(tokenizer, template),
    )
    sampled = [row for some in sample(rows, FITTED_ROWS, 3).values() for row in some]
    prompts = rerank_prompts(pairs_of(sampled, 3), tokenizer, template, max_length=max_length).prompts
    with autocast(decoder):
        weights = fit_answers(decoder, prompts, [4] * len(sampled), answers=answers)
    print("answers read the features by", " ".join(f"{weight:.2f}" for weight in weights.tolist()), flush=True)


def _token(tokenizer: TextTokenizer, text: str) -> int:
    token = tokenizer.token_id(text)
    assert token is not None, f"{text} is no single token"
    return token


def _frame(tokenizer: TextTokenizer, template: RerankTemplate) -> list[int]:
    """Tokens that stand around query and document in every prompt."""
    fields = tokenizer.encode(["<Query>:", "<Query>: a\n", template.suffix])
    return sorted({*fields[0][1:], fields[1][-1], *fields[2]})


def main() -> None:
    """Read the settings, train, leave `decoder.pt`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=Path, required=True)
    parser.add_argument("--mined", type=Path, required=True, help="rows with negatives")
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--config", type=Path, default=Path(__file__).with_name("reranker.yaml"))
    arguments = parser.parse_args()
    settings = read_yaml(arguments.config)
    tokenizer = TextTokenizer.load(arguments.tokenizer)
    shape = build(DecoderConfig, settings["decoder"])
    rows, held = split(arguments.rows, skip=SKIPPED)
    size = (shape.vocab_size, TABLE_SIZE)
    table = learn_table(settings["table"], tokenizer, rows, held, shape=size, folder=arguments.out / "table")

    rows, held = split(arguments.mined, skip=())
    decoder = Decoder(shape)
    decoder.max_padding = PADDING
    config = build(RerankerObjectiveConfig, settings["objective"])
    decoder.compile_blocks()
    warm_start(decoder, table, tokenizer, rows, config.max_length)
    objective = RerankerObjective(decoder, tokenizer, config)
    check(objective, held)

    def report_and_check(step: StepReport) -> None:
        report(step)
        if step.step and step.step % CHECK_EVERY == 0:
            check(objective, held)

    train(
        objective,
        Mixture(rows, build(MixtureConfig, settings["mixture"])),
        build(LoopConfig, settings["loop"]),
        folder=arguments.out / "decoder",
        on_step=report_and_check,
        stop_at=settings["stop_at"],
    )
    check(objective, held)
    torch.save(decoder.state_dict(), arguments.out / "decoder.pt")


if __name__ == "__main__":
    main()
