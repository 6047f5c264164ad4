"""What a training run of the nano models prints."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from held_out import mean_reciprocal_ranks
from torch import Tensor
from torch.nn.functional import normalize

from embedrank.model.tokenizer import TextTokenizer
from embedrank.training.embedder_config import EmbedderObjectiveConfig
from embedrank.training.loop import StepReport
from embedrank.training.rows import TrainingRow


def report(step: StepReport) -> None:
    """One line every twenty steps."""
    if step.step % 20 == 0:
        print(
            f"step {step.step} loss {step.loss:.4f} norm {step.grad_norm:.2f} rate {step.learning_rate:.2e} "
            f"{step.seconds:.2f} s {step.source}",
            flush=True,
        )


def show_held_out(figures: Mapping[str, float]) -> None:
    """The mean over sources, then each source."""
    print(
        f"held out: mean {sum(figures.values()) / len(figures):.4f} "
        + " ".join(f"{name}={value:.3f}" for name, value in figures.items()),
        flush=True,
    )


def show_reciprocal_ranks(
    embed: Callable[[Sequence[Sequence[int]]], Tensor],
    held: dict[str, list[TrainingRow]],
    tokenizer: TextTokenizer,
    config: EmbedderObjectiveConfig,
) -> None:
    """Print how far up an embedder finds the positives of the kept-aside rows."""
    reading = replace(config.reading(tokenizer), num_negatives=0, instructed=1.0)

    def vectors(rows: Sequence[TrainingRow]) -> tuple[Tensor, Tensor]:
        batch = reading(rows)
        return normalize(embed(batch.queries).float(), dim=-1), normalize(embed(batch.positives).float(), dim=-1)

    show_held_out(mean_reciprocal_ranks(held, vectors))
