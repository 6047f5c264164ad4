"""Bitext as contrast in both directions: each text must find its translation, and the translation the text.

    L = ( L(q -> d) + L(d -> q) ) / 2
    L(a -> b) = -(1/N) sum_i log( exp(s(a_i,b_i)/t) / (exp(s(a_i,b_i)/t) + sum_j m_ij exp(s(a_i,b_j)/t)) )

m is the mask of `info_nce.py`. Hard negatives, where there are any, stand in the first direction.

Source: symmetric form of in-batch contrast, as in CLIP, arXiv 2103.00020, figure 3; mask from the Qwen3 Embedding
report, arXiv 2506.05176, section 3.1.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from embedrank.training.losses.embedded_batch import EmbeddedBatch
from embedrank.training.losses.info_nce import InfoNCEConfig, info_nce
from embedrank.training.losses.temperature import check_temperature


@dataclass(frozen=True, slots=True, kw_only=True)
class BitextConfig:
    """Switches of the loss.

    Attributes:
        temperature: Divides cosines.
        margin: As in `InfoNCEConfig`.
    """

    temperature: float = 0.02
    margin: float | None = 0.1

    def __post_init__(self) -> None:
        check_temperature("BitextConfig", self.temperature)


def bitext(batch: EmbeddedBatch, config: BitextConfig) -> Tensor:
    """The loss of a batch, or of some of its rows against all others.

    Args:
        batch: Unit vectors, and which texts are the same.
        config: Switches.

    Returns:
        A scalar, the mean over the rows wanted and over directions.
    """
    one_way = InfoNCEConfig(temperature=config.temperature, margin=config.margin, terms=("hard", "qd"))
    return (info_nce(batch, one_way) + info_nce(batch.reversed(), one_way)) / 2
