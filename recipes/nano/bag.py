"""First stage of both nano models: a token table learned as a bag of tokens. Resumes where it stopped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from reporting import report, show_reciprocal_ranks
from torch import Tensor

from embedrank.core.settings import build
from embedrank.model.tokenizer import TextTokenizer
from embedrank.training.embedder_config import EmbedderObjectiveConfig
from embedrank.training.embedder_distil import EmbedderDistilConfig, EmbedderDistilObjective
from embedrank.training.loop import LoopConfig, train
from embedrank.training.mixing import Mixture, MixtureConfig
from embedrank.training.rows import TrainingRow
from embedrank.training.teachers import VectorTeacher
from embedrank.training.token_table import TokenTable, TokenTableObjective


def taught(student: Any, settings: Mapping[str, Any], teacher: VectorTeacher | None) -> Any:
    """The student's task, with a teacher where there is one."""
    if teacher is None or "distil" not in settings:
        return student
    return EmbedderDistilObjective(student, build(EmbedderDistilConfig, settings["distil"]), teacher=teacher)


def learn_table(
    settings: Mapping[str, Any],
    tokenizer: TextTokenizer,
    rows: Mapping[str, Sequence[TrainingRow]],
    held: dict[str, list[TrainingRow]],
    *,
    shape: tuple[int, int],
    folder: Path,
    teacher: VectorTeacher | None = None,
) -> Tensor:
    """Train the table and print its figures on the kept-aside rows.

    Args:
        settings: `objective`, `mixture` and `loop`, as in the YAML.
        tokenizer: The model's tokenizer.
        rows: Training rows by source.
        held: Kept-aside rows by source.
        shape: Vocabulary size and width.
        folder: Where checkpoints are kept.
        teacher: Who teaches vectors, where the settings say `distil`.

    Returns:
        The table, `[V, width]`.
    """
    torch.manual_seed(0)
    table = TokenTable(*shape)
    config = build(EmbedderObjectiveConfig, settings["objective"])
    bag = TokenTableObjective(table, tokenizer, config)
    objective = taught(bag, settings, teacher)
    mixture = Mixture(rows, build(MixtureConfig, settings["mixture"]))
    train(objective, mixture, build(LoopConfig, settings["loop"]), folder=folder, on_step=report)
    show_reciprocal_ranks(table, held, tokenizer, config)
    return table.weight.detach()
