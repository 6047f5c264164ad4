"""Switches of an embedder's training: the loss of each task, and the forms of vectors that it is computed on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from torch import Tensor

from embedrank.core.errors import ConfigError
from embedrank.model.tokenizer import TextTokenizer
from embedrank.training.embedder_terms import Form
from embedrank.training.losses.bitext import BitextConfig
from embedrank.training.losses.classification import ClassificationConfig
from embedrank.training.losses.clustering import ClusteringConfig
from embedrank.training.losses.cosent import CosentConfig
from embedrank.training.losses.for_embedders import EMBEDDER_LOSSES, LOSS_OF_TASK
from embedrank.training.losses.info_nce import InfoNCEConfig
from embedrank.training.losses.matryoshka import DIM_WEIGHTINGS
from embedrank.training.losses.quantisation_aware.lsq import MAX_BITS, MIN_BITS, lsq
from embedrank.training.losses.quantisation_aware.quantised import FORMS, LSQ, NONE, STRAIGHT_THROUGH, Quantise
from embedrank.training.tokenized import EmbedderReading

_NAME: Final = "EmbedderObjectiveConfig"


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbedderObjectiveConfig:
    """Switches of the task.

    Attributes:
        task_losses: Task to the name of its loss, of `EMBEDDER_LOSSES`; tasks not named take theirs of `LOSS_OF_TASK`.
        loss: Switches of InfoNCE.
        cosent: Switches of CoSENT.
        classification: Switches of the classification loss.
        clustering: Switches of the clustering loss.
        bitext: Switches of the bitext loss.
        dims: Prefix lengths to train, the largest being the hidden size.
        dim_weights: One weight per prefix; where empty, `dim_weighting` decides.
        dim_weighting: `equal`, or `root`: longer prefixes weigh more, by the root of their length.
        quantise: Form of the vectors to the weight of its loss: `none`, `int8`, `binary`, `lsq`. None trains vectors as
            they are.
        lsq_bits: Bits per number of the form `lsq`.
        max_query_tokens: Longest query, instruction and end token included.
        max_document_tokens: Longest document, end token included.
        num_negatives: Most hard negatives per row.
        instructed: Share of queries that carry their instruction, 0 to 1.
        pack_tokens: Token budget of one forward pass.
        loss_rows: Rows whose loss is computed in one piece; a loss in pieces needs less memory, see `gradcache.py`.
        cross_device: Whether texts of other processes are compared too.
        detach_others: Whether texts of other processes carry no gradient home: cheaper, and only part of the gradient.
    """

    task_losses: Mapping[str, str] = field(default_factory=dict)
    loss: InfoNCEConfig = field(default_factory=InfoNCEConfig)
    cosent: CosentConfig = field(default_factory=CosentConfig)
    classification: ClassificationConfig = field(default_factory=ClassificationConfig)
    clustering: ClusteringConfig = field(default_factory=ClusteringConfig)
    bitext: BitextConfig = field(default_factory=BitextConfig)
    dims: tuple[int, ...]
    dim_weights: tuple[float, ...] = ()
    dim_weighting: str = "equal"
    quantise: Mapping[str, float] | None = None
    lsq_bits: int = 8
    max_query_tokens: int = 64
    max_document_tokens: int = 192
    num_negatives: int = 0
    instructed: float = 1.0
    pack_tokens: int = 16384
    loss_rows: int = 1024
    cross_device: bool = True
    detach_others: bool = False

    def __post_init__(self) -> None:
        if self.loss_rows < 1:
            raise ConfigError(_NAME, "loss_rows", self.loss_rows, "must be at least 1")
        if self.detach_others and not self.cross_device:
            raise ConfigError(_NAME, "detach_others", True, "nothing of others is seen without cross_device")
        if not self.dims or min(self.dims) < 1:
            raise ConfigError(_NAME, "dims", self.dims, "must hold at least one positive length")
        if self.dim_weights and len(self.dim_weights) != len(self.dims):
            raise ConfigError(_NAME, "dim_weights", self.dim_weights, f"must hold {len(self.dims)} weights")
        _check_known(self.dim_weighting, "dim_weighting", DIM_WEIGHTINGS)
        if self.dim_weights and self.dim_weighting != "equal":
            raise ConfigError(_NAME, "dim_weighting", self.dim_weighting, "decides nothing where dim_weights are given")
        for task, name in self.task_losses.items():
            _check_known(task, "task_losses", LOSS_OF_TASK)
            _check_known(name, f"task_losses.{task}", EMBEDDER_LOSSES)
        _check_forms(self.quantise, self.lsq_bits)

    def loss_name(self, task: str) -> str:
        """Name of the loss that a task's rows take."""
        return self.task_losses.get(task, LOSS_OF_TASK[task])

    def reading(self, tokenizer: TextTokenizer) -> EmbedderReading:
        """How rows become token ids."""
        return EmbedderReading(
            tokenizer=tokenizer,
            max_query=self.max_query_tokens,
            max_document=self.max_document_tokens,
            num_negatives=self.num_negatives,
            instructed=self.instructed,
        )

    def switches(self, loss: str) -> Any:
        """Configuration of a loss, by its name."""
        return self.loss if loss == "info_nce" else getattr(self, loss)

    def forms(self, step: Callable[[int], Tensor] | None = None) -> list[Form]:
        """Forms of vectors that are trained.

        Args:
            step: Learned step of the n-th prefix; None where nothing holds steps.

        Returns:
            One for each prefix and each way of quantising it.

        Raises:
            ConfigError: If `lsq` is asked for and there are no steps.
        """
        weights = self.dim_weights or DIM_WEIGHTINGS[self.dim_weighting](self.dims)
        forms = []
        for name, share in (self.quantise or {NONE: 1.0}).items():
            if name == LSQ and step is None:
                raise ConfigError(_NAME, "quantise", LSQ, "its steps need an EmbedderObjective to hold them")
            for number, (dim, weight) in enumerate(zip(self.dims, weights, strict=True)):
                forms.append(Form(dim=dim, weight=share * weight, quantise=self._quantiser(name, number, step)))
        return forms

    def _quantiser(self, name: str, number: int, step: Callable[[int], Tensor] | None) -> Quantise | None:
        if name == LSQ and step is not None:
            return lambda vectors: lsq(vectors, step(number), bits=self.lsq_bits)
        return STRAIGHT_THROUGH.get(name)


def _check_known(value: str, name: str, known: Mapping[str, object]) -> None:
    if value not in known:
        raise ConfigError(_NAME, name, value, f"must be one of {', '.join(known)}")


def _check_forms(quantise: Mapping[str, float] | None, lsq_bits: int) -> None:
    if not MIN_BITS <= lsq_bits <= MAX_BITS:
        raise ConfigError(_NAME, "lsq_bits", lsq_bits, f"must be within {MIN_BITS}..{MAX_BITS}")
    for name, weight in (quantise or {}).items():
        if name not in FORMS:
            raise ConfigError(_NAME, "quantise", name, f"forms are {', '.join(FORMS)}")
        if weight <= 0:
            raise ConfigError(_NAME, f"quantise.{name}", weight, "must be positive")
    if quantise is not None and not quantise:
        raise ConfigError(_NAME, "quantise", dict(quantise), f"must name a form: {', '.join(FORMS)}")
