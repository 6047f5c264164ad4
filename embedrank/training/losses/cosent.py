"""CoSENT: pairs with a higher score must have a higher cosine.

    L = log( 1 + sum over s_i > s_j of exp((cos_j - cos_i)/t) )        i, j: pairs of query and positive, with scores s

Only the order of scores counts; those on different scales are not compared. The sum is over pairs of rows, so rows of
all processes are compared and each process has the whole loss.

Shape suffix: N rows.
Source: Su, CoSENT, https://kexue.fm/archives/8847; used for scored rows by Qwen3-VL-Embedding, arXiv 2601.04720.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from embedrank.core.errors import InvalidInputError
from embedrank.training.losses.embedded_batch import ALL_ROWS, EmbeddedBatch
from embedrank.training.losses.temperature import check_temperature


@dataclass(frozen=True, slots=True, kw_only=True)
class CosentConfig:
    """Switches of the loss.

    Attributes:
        temperature: Divides differences of cosines; 0.05 in the source.
    """

    temperature: float = 0.05

    def __post_init__(self) -> None:
        check_temperature("CosentConfig", self.temperature)


def cosent(batch: EmbeddedBatch, config: CosentConfig) -> Tensor:
    """The loss of all rows, whichever are wanted; zero where no two scores differ.

    Args:
        batch: Unit vectors and scores.
        config: Switches.

    Returns:
        A scalar.

    Raises:
        InvalidInputError: If there are no scores.
    """
    if batch.scores_N is None:
        raise InvalidInputError("cosent", "the batch has no scores", hint="give each row a score, or use another loss")
    cosines_N = replace(batch, rows=ALL_ROWS).cosines_B
    differences_NN = (cosines_N[None, :] - cosines_N[:, None]) / config.temperature
    ordered_NN = batch.scores_N[:, None] > batch.scores_N[None, :]
    if batch.scales_N is not None:
        ordered_NN = ordered_NN & (batch.scales_N[:, None] == batch.scales_N[None, :])
    one = torch.zeros(1, dtype=cosines_N.dtype, device=cosines_N.device)  # exp(0)
    return torch.cat((one, differences_NN.masked_fill(~ordered_NN, float("-inf")).flatten())).logsumexp(0)
