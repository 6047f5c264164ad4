"""The shape of a decoder, read from a checkpoint's `config.json` and nothing else.

Source: Qwen3 configuration, https://huggingface.co/Qwen/Qwen3-Embedding-0.6B/blob/main/config.json
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from embedrank.core.errors import CheckpointError, ConfigError

_POSITIVE = (
    "vocab_size",
    "hidden_size",
    "intermediate_size",
    "num_hidden_layers",
    "num_attention_heads",
    "num_key_value_heads",
    "head_dim",
    "max_position_embeddings",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DecoderConfig:
    """Shape of a Qwen3 decoder. Field names are those of Hugging Face's `config.json`.

    `head_dim` is free of `hidden_size / num_attention_heads`; `is_causal` False makes attention bidirectional.
    """

    vocab_size: int
    hidden_size: int
    intermediate_size: int
    num_hidden_layers: int
    num_attention_heads: int
    num_key_value_heads: int
    head_dim: int
    max_position_embeddings: int = 32768
    rms_norm_eps: float = 1e-6
    rope_theta: float = 1e6
    tie_word_embeddings: bool = True
    is_causal: bool = True

    def __post_init__(self) -> None:
        for field in _POSITIVE:
            if getattr(self, field) <= 0:
                raise ConfigError("DecoderConfig", field, getattr(self, field), "must be positive")
        if self.num_attention_heads % self.num_key_value_heads:
            raise ConfigError(
                "DecoderConfig",
                "num_key_value_heads",
                self.num_key_value_heads,
                f"must divide num_attention_heads = {self.num_attention_heads}",
            )
        if self.head_dim % 2:
            raise ConfigError("DecoderConfig", "head_dim", self.head_dim, "must be even, for the halves of RoPE")

    @classmethod
    def from_json(cls, path: Path) -> DecoderConfig:
        """Read `config.json`.

        Args:
            path: The file.

        Returns:
            The shape it describes.

        Raises:
            CheckpointError: If the file is missing, is no JSON object, lacks a field, or asks for something that this
                decoder does not compute (another architecture, attention bias, RoPE scaling, sliding window).
        """
        try:
            raw = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise CheckpointError(path.parent, "config.json is missing", hint="not a model folder?") from None
        except (OSError, ValueError) as error:
            raise CheckpointError(path, f"cannot be read as JSON: {error}") from error
        if not isinstance(raw, dict):
            raise CheckpointError(path, "is not a JSON object")
        return cls.from_mapping(raw, source=path)

    @classmethod
    def from_mapping(cls, raw: Mapping[str, Any], *, source: Path | str = "config.json") -> DecoderConfig:
        """Build from the parsed content of a `config.json`.

        Args:
            raw: The parsed object.
            source: Where it came from, for errors.

        Returns:
            The shape it describes.

        Raises:
            CheckpointError: As `from_json`.
        """
        _refuse_unsupported(raw, source)
        heads = raw.get("num_attention_heads", 0)
        rope = raw.get("rope_parameters") or {}
        values = {
            "rope_theta": rope.get("rope_theta", raw.get("rope_theta", 1e6)),
            "head_dim": raw.get("head_dim") or (raw.get("hidden_size", 0) // heads if heads else 0),
            "num_key_value_heads": raw.get("num_key_value_heads", heads),
            "is_causal": bool(raw.get("is_causal", not raw.get("use_bidirectional_attention", False))),
        }
        for field in cls.__dataclass_fields__:
            if field not in values and field in raw:
                values[field] = raw[field]
        try:
            return cls(**values)
        except (TypeError, ConfigError) as error:
            raise CheckpointError(source, f"does not describe a decoder: {error}") from error

    def to_mapping(self) -> dict[str, Any]:
        """The fields as they are written into `config.json`."""
        return asdict(self)

    def num_parameters(self, *, stored_head: bool = False) -> int:
        """Count the numbers in a checkpoint of this shape.

        Args:
            stored_head: Whether an untied `lm_head` is stored beside the decoder.

        Returns:
            `V*h + L*(h*nh*d + 2*h*nkv*d + nh*d*h + 3*h*i + 2*h + 2*d) + h`, plus `V*h` for a stored head.
        """
        h, d, heads, kv = self.hidden_size, self.head_dim, self.num_attention_heads, self.num_key_value_heads
        layer = h * heads * d + 2 * h * kv * d + heads * d * h + 3 * h * self.intermediate_size + 2 * h + 2 * d
        table = self.vocab_size * h
        return table + self.num_hidden_layers * layer + h + (table if stored_head else 0)


def _refuse_unsupported(raw: Mapping[str, Any], source: Path | str) -> None:
    model_type = raw.get("model_type", "qwen3")
    if model_type != "qwen3":
        raise CheckpointError(source, f"model_type is {model_type!r}", hint="only the Qwen3 architecture is supported")
    if raw.get("attention_bias"):
        raise CheckpointError(source, "attention_bias is true", hint="Qwen3 decoders have no attention bias")
    if raw.get("hidden_act", "silu") != "silu":
        raise CheckpointError(source, f"hidden_act is {raw['hidden_act']!r}", hint="only silu is supported")
    if raw.get("use_sliding_window"):
        raise CheckpointError(source, "use_sliding_window is true", hint="only full attention is supported")
    rope = raw.get("rope_parameters") or raw.get("rope_scaling") or {}
    kind = rope.get("rope_type", rope.get("type", "default"))
    if kind != "default":
        raise CheckpointError(source, f"rope_type is {kind!r}", hint="RoPE scaling is not supported")
