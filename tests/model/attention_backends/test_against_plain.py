"""Every backend computes what the plain formula says: with and without a prefix, for all tokens and for last ones."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
import torch
from torch import Tensor

from embedrank.model.attention_backends import BACKENDS, AttentionBackend
from embedrank.model.packing import Pack
from tests.model.attention_backends.fake_kernels import fake_flash_attn, fake_torch_varlen
from tests.model.conftest import pico_decoder

LENGTHS = (1, 1, 2, 7, 7, 9, 31, 140)
PREFIX = 5
TOLERANCE = 1e-5
FAST = [name for name in BACKENDS if name != "plain"]
TRAIN_ON_CPU = [name for name in FAST if name != "flex"]  # FlexAttention has no backward pass on CPU


@pytest.fixture(params=FAST)
def backend(request: pytest.FixtureRequest) -> Iterator[AttentionBackend]:
    yield from _runnable(request.param)


@pytest.fixture(params=TRAIN_ON_CPU)
def training_backend(request: pytest.FixtureRequest) -> Iterator[AttentionBackend]:
    yield from _runnable(request.param)


def _runnable(name: str) -> Iterator[AttentionBackend]:
    with ExitStack() as stack:
        stack.enter_context(fake_flash_attn())
        stack.enter_context(fake_torch_varlen())
        yield BACKENDS[name]


def _states(num_heads: int, num_rows: int, *, seed: int) -> Tensor:
    return torch.randn(num_rows, num_heads, 16, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("num_prefix", [0, PREFIX])
@pytest.mark.parametrize("last_only", [False, True])
@pytest.mark.parametrize(
    ("is_causal", "num_heads", "lengths"), [(True, 4, LENGTHS), (False, 2, LENGTHS), (True, 2, (1,))]
)
def test_attention_equals_the_plain_formula(
    backend: AttentionBackend,
    num_prefix: int,
    last_only: bool,
    is_causal: bool,
    num_heads: int,
    lengths: tuple[int, ...],
) -> None:
    num_tokens = sum(lengths)
    queries = _states(num_heads, len(lengths) if last_only else num_tokens, seed=0)
    keys, values = _states(2, num_tokens, seed=1), _states(2, num_tokens, seed=2)
    prefix = (_states(2, num_prefix, seed=3), _states(2, num_prefix, seed=4)) if num_prefix else None
    expected, found = (
        one.plan(lengths, is_causal=is_causal, num_prefix=num_prefix).attend(
            queries, keys, values, prefix=prefix, last_only=last_only
        )
        for one in (BACKENDS["plain"], backend)
    )
    assert found.shape == (len(queries), num_heads * 16)
    assert (found - expected).abs().max() < TOLERANCE


@pytest.mark.parametrize("max_padding", [0.3, 0.9])
@pytest.mark.parametrize("is_causal", [True, False])
def test_padding_inside_groups_changes_nothing(max_padding: float, is_causal: bool) -> None:
    queries, keys, values = (_states(heads, sum(LENGTHS), seed=heads) for heads in (4, 2, 2))
    prefix = (_states(2, PREFIX, seed=3), _states(2, PREFIX, seed=4))
    plans = [
        BACKENDS[name].plan(LENGTHS, is_causal=is_causal, num_prefix=PREFIX, max_padding=max_padding)
        for name in ("plain", "grouped")
    ]
    expected, found = (plan.attend(queries, keys, values, prefix=prefix) for plan in plans)
    assert (found - expected).abs().max() < TOLERANCE


def test_a_decoder_gives_the_same_states_whatever_computes_its_attention(backend: AttentionBackend) -> None:
    decoder = pico_decoder()
    sequences, shared = [[5], [7, 8], list(range(40)), list(range(50, 190))], [3, 4, 5]
    states = []
    for one in (BACKENDS["plain"], backend):
        decoder.attention = one
        with torch.no_grad():
            prefix = decoder.prefill(shared)
            states += [
                decoder(Pack.of(sequences, offset=len(shared)), prefix=prefix),
                decoder.all_positions(Pack.of(sequences)),
            ]
    assert (states[0] - states[2]).abs().max() < TOLERANCE
    assert (states[1] - states[3]).abs().max() < TOLERANCE


def test_gradients_equal_those_of_the_plain_formula(training_backend: AttentionBackend) -> None:
    decoder = pico_decoder()
    decoder.requires_grad_(True)
    sequences = [[5], [7, 8, 9], list(range(40))]
    gradients = []
    for one in (BACKENDS["plain"], training_backend):
        decoder.attention = one
        decoder.zero_grad()
        prefix = decoder.prefill([1, 2, 3])
        behind = decoder(Pack.of(sequences, offset=3), prefix=prefix)
        (decoder(Pack.of(sequences)).sin().sum() + behind.cos().sum()).backward()
        gradients.append(torch.cat([parameter.grad.flatten() for parameter in decoder.parameters()]))
    assert gradients[0].abs().max() > 0.1
    assert torch.allclose(*gradients, atol=1e-4, rtol=1e-4)


def test_the_plain_formula_itself_equals_pytorchs() -> None:
    queries, keys, values = (_states(2, 9, seed=seed) for seed in range(3))
    for is_causal in (True, False):
        expected = torch.nn.functional.scaled_dot_product_attention(
            *(states.transpose(0, 1)[None] for states in (queries, keys, values)), is_causal=is_causal
        )
        found = BACKENDS["plain"].plan([9], is_causal=is_causal).attend(queries, keys, values)
        assert (found - expected[0].transpose(0, 1).flatten(1)).abs().max() < TOLERANCE
