"""Classification as a choice among labels: the text of the right label against that row's wrong labels, nothing else.

    L = -(1/N) sum_i log( exp(s(q_i,l_i+)/t) / (exp(s(q_i,l_i+)/t) + sum_k exp(s(q_i,l_ik-)/t)) )

Other rows are no negatives: with few labels most of them have the same one, or one that is nearly as right.

Shape suffixes: B rows whose loss is wanted, C candidates of a row (1 + hard negatives).
Source: Qwen3-VL-Embedding report, arXiv 2601.04720.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from embedrank.training.losses.embedded_batch import EmbeddedBatch
from embedrank.training.losses.temperature import check_temperature


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassificationConfig:
    """Switches of the loss.

    Attributes:
        temperature: Divides cosines.
    """

    temperature: float = 0.02

    def __post_init__(self) -> None:
        check_temperature("ClassificationConfig", self.temperature)


def classification(batch: EmbeddedBatch, config: ClassificationConfig) -> Tensor:
    """The loss of a batch; a row without wrong labels costs nothing.

    Args:
        batch: Unit vectors: texts as queries, right labels as positives, wrong labels as hard negatives.
        config: Switches.

    Returns:
        A scalar, the mean over the rows wanted.
    """
    cosines_BC, there_BC = batch.own_candidates()
    logits_BC = cosines_BC.masked_fill(~there_BC, float("-inf")) / config.temperature
    return (logits_BC.logsumexp(1) - logits_BC[:, 0]).mean()
