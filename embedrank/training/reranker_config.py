"""Switches of a reranker's training: the loss, the head, and what of each row is read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from embedrank.core.errors import ConfigError
from embedrank.core.prompts import rerank_template
from embedrank.training.losses.distil.kl import KLConfig
from embedrank.training.losses.distil.margin_mse import MarginMSEConfig
from embedrank.training.losses.for_rerankers import RERANKER_LOSSES
from embedrank.training.losses.margin import MarginConfig

HEADS: Final = ("tokens", "score")
_NAME: Final = "RerankerObjectiveConfig"


@dataclass(frozen=True, slots=True, kw_only=True)
class RerankerObjectiveConfig:
    """Switches of the task.

    Attributes:
        loss: Name of the loss, of `RERANKER_LOSSES`; `full_vocabulary` is that of the report.
        list_weight: Weight of the listwise loss beside it; 0 trains as the report does.
        margin: Switches of the margin loss.
        kl: Switches of distillation by KL.
        margin_mse: Switches of distillation by margins.
        head: `tokens`, whose rows for yes and no are the head; or `score`, one row that is trained beside and begins as
            their difference.
        template: Name of the prompt.
        instructed: Share of batches whose prompts carry the rows' instruction instead of the template's, 0 to 1.
        max_length: Longest prompt in tokens.
        num_negatives: Most hard negatives per row.
        pack_tokens: Token budget of one forward pass.
    """

    loss: str = "two_tokens"
    list_weight: float = 0.0
    margin: MarginConfig = field(default_factory=MarginConfig)
    kl: KLConfig = field(default_factory=lambda: KLConfig(temperature=1.0))
    margin_mse: MarginMSEConfig = field(default_factory=MarginMSEConfig)
    head: str = "tokens"
    template: str = "default"
    instructed: float = 0.5
    max_length: int = 320
    num_negatives: int = 3
    pack_tokens: int = 16384

    def __post_init__(self) -> None:
        for name, known in (("loss", RERANKER_LOSSES), ("head", HEADS)):
            if getattr(self, name) not in known:
                raise ConfigError(_NAME, name, getattr(self, name), f"must be one of {', '.join(known)}")
        if self.loss == "full_vocabulary" and self.head == "score":
            raise ConfigError(_NAME, "head", "score", "has no vocabulary; use another loss, or head: tokens")
        if self.list_weight < 0 or (self.list_weight and self.loss == "listwise"):
            raise ConfigError(_NAME, "list_weight", self.list_weight, "must be 0 or more, and 0 with loss: listwise")
        if self.num_negatives < 1 and not RERANKER_LOSSES[self.loss].graded:
            raise ConfigError(_NAME, "num_negatives", self.num_negatives, "must be at least 1")
        rerank_template(self.template)

    def switches(self) -> Any:
        """Configuration of the chosen loss; None where it has none."""
        return {"margin": self.margin, "kl": self.kl, "margin_mse": self.margin_mse}.get(self.loss)
