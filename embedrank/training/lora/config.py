"""Settings of low-rank adapters."""

from __future__ import annotations

from dataclasses import dataclass

from embedrank.core.errors import ConfigError

ATTENTION = ("q_proj", "k_proj", "v_proj", "o_proj")
FEED_FORWARD = ("gate_proj", "up_proj", "down_proj")
FOUR_BIT = ("nf4", "fp4")


@dataclass(frozen=True, slots=True, kw_only=True)
class LoraConfig:
    """What is adapted, and how richly.

    The paper does not say whether its models were trained whole or by adapters; public replications adapt all linear
    layers, with peak rates of 5e-5 to 1e-4.

    Attributes:
        rank: Inner width of an adapter.
        alpha: Adapters are scaled by alpha / rank, or by alpha / sqrt(rank) under `rank_stabilised`.
        dropout: Share of an adapter's inputs that is dropped in training, 0 to below 1.
        targets: Projections that get one, by their names in a layer.
        rank_stabilised: Whether the scale falls with the root of the rank, which lets high ranks learn (rsLoRA).
        four_bit: `nf4` or `fp4` keeps the frozen weights in 4 bits (QLoRA); None leaves them as they are.
    """

    rank: int = 16
    alpha: float = 32.0
    dropout: float = 0.0
    targets: tuple[str, ...] = (*ATTENTION, *FEED_FORWARD)
    rank_stabilised: bool = False
    four_bit: str | None = None

    def __post_init__(self) -> None:
        if self.rank < 1:
            raise ConfigError("LoraConfig", "rank", self.rank, "must be at least 1")
        if self.alpha <= 0:
            raise ConfigError("LoraConfig", "alpha", self.alpha, "must be positive: at 0 the model would stay its base")
        if not 0 <= self.dropout < 1:
            raise ConfigError("LoraConfig", "dropout", self.dropout, "must be within 0..1, 1 left out")
        known = (*ATTENTION, *FEED_FORWARD)
        if not self.targets or any(target not in known for target in self.targets):
            raise ConfigError("LoraConfig", "targets", self.targets, f"must name some of {', '.join(known)}")
        if self.four_bit is not None and self.four_bit not in FOUR_BIT:
            raise ConfigError("LoraConfig", "four_bit", self.four_bit, f"must be one of {', '.join(FOUR_BIT)}")
