"""The training task of a stage."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from embedrank.core.protocols import Encoder, Reranker
from embedrank.training.embedder_config import EmbedderObjectiveConfig
from embedrank.training.embedder_distil import EmbedderDistilObjective
from embedrank.training.embedder_objective import EmbedderObjective
from embedrank.training.objective import Objective
from embedrank.training.reranker_objective import RerankerObjective
from embedrank.training.stages.config import StageConfig, TeacherConfig
from embedrank.training.stages.starting import Start
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
    teacher: EncoderTeacher | RerankerTeacher | None = None
    if config.teacher is not None:
        judge = load_teacher(config.teacher)
        teacher = RerankerTeacher(judge) if config.teacher.kind == "reranker" else EncoderTeacher(judge)  # type: ignore[arg-type]  # as its kind says
    if not isinstance(config.objective, EmbedderObjectiveConfig):
        return RerankerObjective(
            start.decoder, start.tokenizer, config.objective, lm_head_VM=start.lm_head_VM, teacher=teacher
        )
    student = EmbedderObjective(start.decoder, start.tokenizer, config.objective)
    if config.distil is None:
        return student
    return EmbedderDistilObjective(student, config.distil, teacher=teacher)
