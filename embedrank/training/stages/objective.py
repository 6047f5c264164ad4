"""The training task of a stage."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from embedrank.core.errors import ConfigError
from embedrank.core.protocols import Encoder, Reranker
from embedrank.training.embedder_config import EmbedderObjectiveConfig
from embedrank.training.embedder_distil import EmbedderDistilObjective
from embedrank.training.embedder_objective import EmbedderObjective
from embedrank.training.objective import Objective
from embedrank.training.reranker_objective import RerankerObjective
from embedrank.training.stages.config import TAUGHT, StageConfig, TeacherConfig
from embedrank.training.stages.starting import Start
from embedrank.training.taught import TaughtVectors
from embedrank.training.teachers import EncoderTeacher, RerankerTeacher

LoadTeacher: TypeAlias = Callable[[TeacherConfig], Encoder | Reranker]


def objective_of(config: StageConfig, start: Start, load_teacher: LoadTeacher) -> Objective:
    """Put the task together.

    Args:
        config: The stage.
        start: The model that learns.
        load_teacher: Gives the model that judges, where one does.

    Returns:
        The task.

    Raises:
        ConfigError: If loss, model and teacher do not go together.
    """
    teacher = _teacher(config.teacher, load_teacher) if config.teacher is not None else None
    if not isinstance(config.objective, EmbedderObjectiveConfig):
        if isinstance(teacher, TaughtVectors):
            raise ConfigError("TeacherConfig", "kind", TAUGHT, "teaches embedders; a reranker learns from scores")
        return RerankerObjective(
            start.decoder, start.tokenizer, config.objective, lm_head_VM=start.lm_head_VM, teacher=teacher
        )
    student = EmbedderObjective(start.decoder, start.tokenizer, config.objective)
    if config.distil is None:
        return student
    return EmbedderDistilObjective(student, config.distil, teacher=teacher)


def _teacher(config: TeacherConfig, load: LoadTeacher) -> EncoderTeacher | RerankerTeacher | TaughtVectors:
    if config.kind == TAUGHT:
        return TaughtVectors.load(Path(config.model))
    judge = load(config)
    return RerankerTeacher(judge) if config.kind == "reranker" else EncoderTeacher(judge)  # type: ignore[arg-type]  # as its kind says
