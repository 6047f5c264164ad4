"""The shape of the official models, and what config files are refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from embedrank.core.errors import CheckpointError, ConfigError
from embedrank.model.config import DecoderConfig
from tests.model.conftest import pico_config, pico_decoder

SMALL = {"hidden_size": 1024, "intermediate_size": 3072, "num_hidden_layers": 28, "num_attention_heads": 16}
MEDIUM = {"hidden_size": 2560, "intermediate_size": 9728, "num_hidden_layers": 36, "num_attention_heads": 32}
LARGE = {"hidden_size": 4096, "intermediate_size": 12288, "num_hidden_layers": 36, "num_attention_heads": 32}
OFFICIAL = [
    (SMALL, 151669, True, False, 595_776_512),
    (MEDIUM, 151665, True, False, 4_021_774_336),
    (LARGE, 151665, False, False, 7_567_295_488),
    (SMALL, 151669, True, False, 595_776_512),
    (MEDIUM, 151669, True, False, 4_021_784_576),
    (LARGE, 151669, False, True, 8_188_548_096),
]


@pytest.mark.parametrize(("shape", "vocab_size", "tied", "stored_head", "expected"), OFFICIAL)
def test_parameter_count_is_exact_for_all_six_official_models(
    shape: dict[str, int], vocab_size: int, tied: bool, stored_head: bool, expected: int
) -> None:
    config = DecoderConfig(
        **shape, vocab_size=vocab_size, num_key_value_heads=8, head_dim=128, tie_word_embeddings=tied
    )
    assert config.num_parameters(stored_head=stored_head) == expected


def test_parameter_count_is_that_of_a_real_decoder() -> None:
    decoder = pico_decoder()
    assert sum(parameter.numel() for parameter in decoder.parameters()) == pico_config().num_parameters()


def test_both_spellings_of_rope_theta_are_read() -> None:
    old = {**pico_config().to_mapping(), "rope_theta": 5e5}
    new = {**pico_config().to_mapping(), "rope_parameters": {"rope_theta": 5e5, "rope_type": "default"}}
    assert DecoderConfig.from_mapping(old).rope_theta == DecoderConfig.from_mapping(new).rope_theta == 5e5


@pytest.mark.parametrize(
    "change",
    [
        {"model_type": "bert"},
        {"attention_bias": True},
        {"rope_scaling": {"type": "yarn", "factor": 4}},
        {"use_sliding_window": True},
        {"hidden_act": "gelu"},
        {"hidden_size": 0},
        {"num_key_value_heads": 3},
    ],
)
def test_what_this_decoder_does_not_compute_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(CheckpointError):
        DecoderConfig.from_mapping({**pico_config().to_mapping(), **change})


def test_a_missing_or_broken_config_names_the_file(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"config\.json is missing"):
        DecoderConfig.from_json(tmp_path / "config.json")
    (tmp_path / "config.json").write_text("{not json")
    with pytest.raises(CheckpointError, match="cannot be read as JSON"):
        DecoderConfig.from_json(tmp_path / "config.json")
    (tmp_path / "config.json").write_text(json.dumps([1]))
    with pytest.raises(CheckpointError, match="not a JSON object"):
        DecoderConfig.from_json(tmp_path / "config.json")


def test_odd_heads_are_refused() -> None:
    with pytest.raises(ConfigError, match="head_dim"):
        pico_config(head_dim=15)
