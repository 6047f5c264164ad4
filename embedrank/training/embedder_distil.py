"""Distillation into an embedder: a reranker's or an embedder's judgement of a row's texts becomes the student's.

Shape suffixes: A texts of all processes, T texts of this process, B rows of this process, C candidates of a row,
D dimensions of the student's vectors, U of the teacher's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Final, Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.rnn import pad_sequence

from embedrank.core.errors import ConfigError, InvalidInputError
from embedrank.model.tokenizer import TextTokenizer
from embedrank.training.embedder_config import EmbedderObjectiveConfig
from embedrank.training.embedder_task import EmbedderTexts, task_terms
from embedrank.training.embedder_terms import Form, Term
from embedrank.training.gather import mean_over_processes
from embedrank.training.losses.distil.candidate_scores import CandidateScores
from embedrank.training.losses.distil.kl import KLConfig
from embedrank.training.losses.distil.margin_mse import MarginMSEConfig
from embedrank.training.losses.for_students import DISTIL_LOSSES
from embedrank.training.packed_batch import PackedBatch
from embedrank.training.parallel.world import World
from embedrank.training.row_requirements import no_negatives
from embedrank.training.rows import TrainingRow
from embedrank.training.teachers import ScoreTeacher, TeacherOfRows, VectorTeacher
from embedrank.training.tokenized import EmbedderReading

_NAME: Final = "EmbedderDistilConfig"


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbedderDistilConfig:
    """Switches of the distillation.

    Attributes:
        loss: Name of the loss, of `DISTIL_LOSSES`.
        kl: Switches of KL over a row's candidates.
        margin_mse: Switches of the loss on margins.
        weight: Weight of the distillation.
        task_weight: Weight of the loss of the rows' own task beside it.
    """

    loss: str = "kl"
    kl: KLConfig = field(default_factory=KLConfig)
    margin_mse: MarginMSEConfig = field(default_factory=MarginMSEConfig)
    weight: float = 1.0
    task_weight: float = 0.0

    def __post_init__(self) -> None:
        if self.loss not in DISTIL_LOSSES:
            raise ConfigError(_NAME, "loss", self.loss, f"must be one of {', '.join(DISTIL_LOSSES)}")
        if self.weight <= 0:
            raise ConfigError(_NAME, "weight", self.weight, "must be above 0")
        if self.task_weight < 0:
            raise ConfigError(_NAME, "task_weight", self.task_weight, "must be 0 or more")

    def switches(self) -> Any:
        """Configuration of the chosen loss; None where it has none."""
        return {"kl": self.kl, "margin_mse": self.margin_mse}.get(self.loss)


class Student(Protocol):
    """An embedder's task without a teacher, such as `EmbedderObjective`."""

    @property
    def module(self) -> nn.Module:
        """What learns."""
        ...

    @property
    def tokenizer(self) -> TextTokenizer:
        """Its tokenizer."""
        ...

    @property
    def config(self) -> EmbedderObjectiveConfig:
        """Lengths, negatives, prefixes, and the loss of the rows' own task."""
        ...

    @property
    def reading(self) -> EmbedderReading:
        """As `PackedObjective.reading`."""
        ...

    @property
    def forms(self) -> list[Form]:
        """Forms of vectors that are trained."""
        ...

    def packed(self, sequences: Sequence[Sequence[int]]) -> PackedBatch:
        """Token id lists in packs, with raw vectors; without a loss."""
        ...


class EmbedderDistilObjective:
    """A student that learns from a teacher, over all of its trained prefixes."""

    def __init__(
        self,
        student: Student,
        config: EmbedderDistilConfig,
        *,
        teacher: ScoreTeacher | VectorTeacher | None = None,
    ) -> None:
        """Put it together.

        Args:
            student: What learns; its configuration tells lengths, negatives, prefixes and the task's own loss.
            config: Switches.
            teacher: Who judges; None reads the rows' `teacher_scores`.

        Raises:
            ConfigError: If the teacher cannot give what the loss compares, or there is nothing to compare.
        """
        compares = "vectors" if DISTIL_LOSSES[config.loss].of_vectors else "scores"
        teacher = teacher or TeacherOfRows()
        if not isinstance(teacher, VectorTeacher if compares == "vectors" else ScoreTeacher):
            raise ConfigError(_NAME, "loss", config.loss, f"needs a teacher that gives {compares}")
        if compares == "scores" and student.config.num_negatives < 1:
            raise ConfigError("EmbedderObjectiveConfig", "num_negatives", 0, f"{config.loss} compares candidates")
        self._student, self._config, self._teacher = student, config, teacher

    @property
    def module(self) -> nn.Module:
        """The student's decoder."""
        return self._student.module

    @property
    def reading(self) -> EmbedderReading:
        """As `PackedObjective.reading`."""
        return self._student.reading

    def loss(self, rows: Sequence[TrainingRow]) -> Tensor:
        """The loss of one batch, over all trained prefixes."""
        return self.prepare(rows).loss()

    def prepare(self, rows: Sequence[TrainingRow]) -> PackedBatch:
        """As `PackedObjective.prepare`."""
        student, weight = self._student, self._config.task_weight
        # A teacher speaks of each row's own texts; only the task's loss compares them with those of others.
        config = student.config if weight else replace(student.config, cross_device=False, detach_others=False)
        device = next(self.module.parameters()).device
        texts = EmbedderTexts.of(rows, student.tokenizer, config, negatives=True, device=device)
        documents = [(row.positives[0], *row.negatives[: config.num_negatives]) for row in rows]
        if DISTIL_LOSSES[self._config.loss].of_vectors:
            terms = self._of_vectors(rows, documents, texts, device)
        else:
            terms = self._of_scores(rows, documents, texts, device)
        if weight:
            own = task_terms(rows, texts, config, student.forms)
            terms += [partial(_weighted, term=term, weight=weight) for term in own]
        return replace(student.packed(texts.sequences), terms=terms, gather=texts.gather, texts=texts.counts)

    def _of_scores(
        self,
        rows: Sequence[TrainingRow],
        documents: Sequence[Sequence[str]],
        texts: EmbedderTexts,
        device: torch.device,
    ) -> list[Term]:
        """Each query's candidates, as the student and as the teacher scores them."""
        assert isinstance(self._teacher, ScoreTeacher)
        if not World.current().total(sum(len(texts) - 1 for texts in documents), device=device):
            raise no_negatives(rows[0])
        scores = [torch.tensor(some, dtype=torch.float32) for some in self._teacher.scores(rows, documents)]
        teacher_BC = pad_sequence(scores, batch_first=True).to(device)
        own = slice(texts.places.own.start, texts.places.own.stop)
        loss, switches = DISTIL_LOSSES[self._config.loss], self._config.switches()

        def compare(unit_AD: Tensor) -> Tensor:
            student_BC, mask_BC = texts.places.embedded(unit_AD, own).own_candidates()
            missing = student_BC.shape[1] - teacher_BC.shape[1]  # another process may have rows with more
            padded_BC = functional.pad(teacher_BC, (0, missing))
            scores = CandidateScores(student_RC=student_BC, teacher_RC=padded_BC, mask_RC=mask_BC)
            return loss.compute(scores, switches)

        return self._terms(compare, len(rows), device)

    def _of_vectors(
        self,
        rows: Sequence[TrainingRow],
        documents: Sequence[Sequence[str]],
        texts: EmbedderTexts,
        device: torch.device,
    ) -> list[Term]:
        """Each text, as the student and as the teacher embeds it."""
        assert isinstance(self._teacher, VectorTeacher)
        loss = DISTIL_LOSSES[self._config.loss]
        longest = max(self._student.config.dims)
        vectors = self._teacher.vectors(rows, documents, dim=longest if loss.same_length else None)
        teacher_TU = torch.from_numpy(vectors).to(device)
        known_T = teacher_TU.isfinite().all(1)
        if not World.current().total(int(known_T.sum()), device=device):
            if not self._config.task_weight:
                problem = f"a batch of {rows[0].source!r} without a text that the teacher knows"
                raise InvalidInputError("training rows", problem, hint="teach its texts, or set distil.task_weight")
            return []
        if loss.same_length and teacher_TU.shape[1] < longest:
            problem = f"{self._config.loss} needs a teacher's vectors of {longest} numbers, not {teacher_TU.shape[1]}"
            raise ConfigError(
                "EmbedderObjectiveConfig", "dims", self._student.config.dims, f"{problem}; use similarity"
            )

        def compare(unit_AD: Tensor) -> Tensor:
            student_TD, taught_TU = unit_AD[texts.places.own_texts][known_T], teacher_TU[known_T]
            if not len(student_TD):  # other processes know some of theirs
                return unit_AD.sum() * 0
            return loss.compute(student_TD, taught_TU[:, : student_TD.shape[1]] if loss.same_length else taught_TU)

        return self._terms(compare, int(known_T.sum()), device)

    def _terms(self, compare: Callable[[Tensor], Tensor], count: int, device: torch.device) -> list[Term]:
        """The comparison over all forms of the student's vectors; it is a mean over so many here."""
        weight = self._config.weight * mean_over_processes(count, World.current(), device=device)
        return [partial(_compared, compare=compare, form=form, weight=weight) for form in self._student.forms]


def _compared(vectors_AD: Tensor, *, compare: Callable[[Tensor], Tensor], form: Form, weight: float) -> Tensor:
    return weight * form.loss(compare, vectors_AD)


def _weighted(vectors_AD: Tensor, *, term: Term, weight: float) -> Tensor:
    return weight * term(vectors_AD)
