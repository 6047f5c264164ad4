"""Adapters change the model they are put into, and merged they answer as before: elsewhere both fail silently."""

import pytest
import torch

from embedrank.core.errors import ConfigError, InvalidInputError
from embedrank.model.packing import Pack
from embedrank.training.lora.adapters import (
    adapter_tensors,
    add_adapters,
    has_adapters,
    learned_nothing,
    merge_adapters,
)
from embedrank.training.lora.config import FEED_FORWARD, LoraConfig
from tests.model.conftest import pico_decoder

PACK = Pack.of([[1, 2, 3], [4], [5] * 50, list(range(100))])
SETTINGS = [LoraConfig(rank=4), LoraConfig(rank=8, rank_stabilised=True, targets=FEED_FORWARD), LoraConfig(alpha=4)]


def answers(decoder):
    with torch.inference_mode():
        return decoder(PACK)


def train(decoder, steps=3):
    """A few steps away from where the model is."""
    optimizer = torch.optim.AdamW([each for each in decoder.parameters() if each.requires_grad], lr=1e-2)
    for _ in range(steps):
        decoder(PACK).square().sum().backward()
        optimizer.step()
        optimizer.zero_grad()


@pytest.mark.parametrize("config", SETTINGS)
def test_training_changes_the_answers_and_nothing_of_the_base(config):
    decoder, base = pico_decoder(), answers(pico_decoder())
    frozen = {name: tensor.clone() for name, tensor in decoder.state_dict().items()}
    add_adapters(decoder, config)
    assert torch.equal(answers(decoder), base) and learned_nothing(decoder)
    train(decoder)
    assert not learned_nothing(decoder)
    assert (answers(decoder) - base).abs().max() > 1e-2
    now = {name.replace(".base_layer", ""): tensor for name, tensor in decoder.state_dict().items()}
    assert all(torch.equal(now[name], tensor) for name, tensor in frozen.items())


def test_every_adapter_takes_part():
    """An adapter that a fused call goes past would get no gradient."""
    decoder = pico_decoder()
    add_adapters(decoder, LoraConfig(rank=2))
    train(decoder, steps=1)  # B leaves zero, so that A gets gradients too
    decoder(PACK).square().sum().backward()
    tensors = adapter_tensors(decoder)
    assert len(tensors) == 2 * 7 * 3
    # Of the last layer only keys and values of all tokens, and the last tokens' own, are computed; all of them count.
    assert all(tensor.grad is not None and bool(tensor.grad.any()) for tensor in tensors.values())


@pytest.mark.parametrize("config", SETTINGS)
def test_merged_the_model_is_plain_and_answers_the_same(config):
    decoder = pico_decoder()
    add_adapters(decoder, config)
    train(decoder)
    before = answers(decoder)
    merge_adapters(decoder)
    assert not has_adapters(decoder)
    assert set(decoder.state_dict()) == set(pico_decoder().state_dict())
    assert torch.allclose(answers(decoder), before, atol=1e-4)


@pytest.mark.parametrize("quant_type", ["nf4", "fp4"])
@pytest.mark.filterwarnings("ignore")  # of bitsandbytes, about kernels that this machine lacks
def test_four_bits_train_and_merge_likewise(quant_type):
    decoder = pico_decoder(hidden_size=64, intermediate_size=128)
    exact = answers(decoder)
    add_adapters(decoder, LoraConfig(rank=4, four_bit=quant_type))
    coarse = answers(decoder)
    assert torch.nn.functional.cosine_similarity(exact, coarse).min() > 0.7  # random weights; real ones lose less
    assert not torch.equal(coarse, exact)
    train(decoder)
    trained = answers(decoder)
    assert (trained - coarse).abs().max() > 1e-2
    merge_adapters(decoder)
    assert set(decoder.state_dict()) == set(pico_decoder().state_dict())
    assert torch.nn.functional.cosine_similarity(answers(decoder), trained).min() > 0.999


def test_an_adapter_that_learned_nothing_is_not_merged():
    decoder = pico_decoder()
    with pytest.raises(InvalidInputError, match="no adapters"):
        merge_adapters(decoder)
    add_adapters(decoder, LoraConfig())
    with pytest.raises(InvalidInputError, match="equal its base"):
        merge_adapters(decoder)
    with pytest.raises(InvalidInputError, match="already"):
        add_adapters(decoder, LoraConfig())


@pytest.mark.parametrize(
    "wrong",
    [
        {"rank": 0},
        {"alpha": 0},
        {"dropout": 1.0},
        {"targets": ()},
        {"targets": ("embed_tokens",)},
        {"four_bit": "int4"},
    ],
)
def test_unsound_settings_are_refused(wrong):
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        LoraConfig(**wrong)
