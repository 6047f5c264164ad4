"""Floating-point operations of a pass, counted from the shape: the numerator of model FLOPs utilisation.

Only matrix products are counted, a multiplication with its addition as two. Attention counts the pairs of tokens that
see each other, whatever a kernel computes beside them; the last layer counts what is needed for the pooled tokens.

Source: PaLM, arXiv 2204.02311, appendix B (model FLOPs utilisation).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from embedrank.model.config import DecoderConfig

_MULTIPLY_ADD = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Flops:
    """Operations of a pass.

    Attributes:
        linear: In products with weights.
        attention: In products of queries with keys and of weights with values.
    """

    linear: int
    attention: int

    @property
    def total(self) -> int:
        """Both together."""
        return self.linear + self.attention

    def __add__(self, other: Flops) -> Flops:
        return Flops(linear=self.linear + other.linear, attention=self.attention + other.attention)

    def utilisation(self, *, seconds: float, peak: float) -> float:
        """Share of what the device could have done.

        Args:
            seconds: How long the pass took.
            peak: Operations a second that the device can do in the type of the weights.

        Returns:
            A share; above 1 only where the peak is not the device's.
        """
        return self.total / (seconds * peak)


def forward_flops(
    config: DecoderConfig, lengths: Sequence[int], *, num_prefix: int = 0, last_only: bool = True
) -> Flops:
    """Count one pass over packed sequences.

    Args:
        config: The decoder's shape.
        lengths: Tokens per sequence.
        num_prefix: Tokens of a shared prefix, computed elsewhere, that every sequence sees.
        last_only: Whether the last layer is computed for each sequence's last token only.

    Returns:
        The operations.
    """
    num_tokens, num_sequences = sum(lengths), len(lengths)
    heads = config.num_attention_heads * config.head_dim
    keys_values = 2 * config.hidden_size * config.num_key_value_heads * config.head_dim
    others = 2 * config.hidden_size * heads + 3 * config.hidden_size * config.intermediate_size
    pairs = sum(_pairs(length, num_prefix, is_causal=config.is_causal) for length in lengths)
    last_pairs = sum(num_prefix + length for length in lengths) if last_only else pairs
    layers_below = config.num_hidden_layers - 1
    finished = num_sequences if last_only else num_tokens
    linear = num_tokens * (config.num_hidden_layers * keys_values + layers_below * others) + finished * others
    attention = 2 * heads * (layers_below * pairs + last_pairs)
    return Flops(linear=_MULTIPLY_ADD * linear, attention=_MULTIPLY_ADD * attention)


def _pairs(length: int, num_prefix: int, *, is_causal: bool) -> int:
    own = length * (length + 1) // 2 if is_causal else length * length
    return length * num_prefix + own
