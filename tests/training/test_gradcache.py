"""A step in passes has the loss and the gradient of the whole batch."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from embedrank.core.errors import ConfigError
from embedrank.model.decoder import Decoder
from embedrank.model.packing import Pack
from embedrank.training.embedder_config import EmbedderObjectiveConfig
from embedrank.training.embedder_objective import EmbedderObjective
from embedrank.training.gradients import Gradients
from embedrank.training.loop_config import LoopConfig
from embedrank.training.losses.info_nce import InfoNCEConfig
from embedrank.training.parallel.alone import Alone
from embedrank.training.recompute import recompute_layers
from embedrank.training.reranker_config import RerankerObjectiveConfig
from embedrank.training.reranker_objective import RerankerObjective
from embedrank.training.token_table import TokenTable, TokenTableObjective
from tests.model.conftest import pico_config, pico_decoder, pico_tokenizer
from tests.training.conftest import gradients, largest_difference
from tests.training.parallel.runs import rows


class Dropping(Decoder):
    """A decoder whose vectors have gone through dropout, and which counts its passes."""

    def __init__(self) -> None:
        super().__init__(pico_config())
        self.load_state_dict(pico_decoder().state_dict())
        self.num_passes = 0
        self.drawn: list[Tensor] = []

    def forward(self, pack: Pack, **prefix: Any) -> Tensor:
        self.num_passes += 1
        hidden = super().forward(pack, **prefix)
        dropped = nn.functional.dropout(hidden, 0.3)
        self.drawn.append(dropped.detach() == 0)
        return dropped


def embedder(decoder: Decoder, **changes: Any) -> EmbedderObjective:
    config = EmbedderObjectiveConfig(
        dims=(48, 32, 16), num_negatives=2, loss=InfoNCEConfig(temperature=0.05), pack_tokens=60, loss_rows=5
    )
    return EmbedderObjective(decoder, pico_tokenizer(), replace(config, **changes))


def reranker(decoder: Decoder, **changes: Any) -> RerankerObjective:
    config = RerankerObjectiveConfig(max_length=512, pack_tokens=300)
    return RerankerObjective(decoder, pico_tokenizer(), replace(config, **changes))


TASKS = {
    "embedder": embedder,
    "reranker": reranker,
    "full vocabulary": lambda decoder: reranker(decoder, loss="full_vocabulary"),
    "listwise": lambda decoder: reranker(decoder, list_weight=0.7),
}


def step(objective: Any, *, in_passes: bool, bf16: bool = False) -> tuple[float, dict[str, Tensor]]:
    torch.manual_seed(3)
    config = LoopConfig(num_steps=1, learning_rate=1.0, in_passes=in_passes, bf16=bf16)
    loss = Gradients(objective, Alone(), config).add(rows())
    return loss, gradients(objective.module)


@pytest.mark.parametrize("task", TASKS)
def test_passes_have_the_loss_and_gradient_of_the_whole_batch_under_dropout(task: str) -> None:
    objective = TASKS[task](Dropping())
    whole_loss, whole = step(objective, in_passes=False)
    loss, passes = step(objective, in_passes=True)
    assert objective.module.num_passes > 6, "several packs are what this is about"
    assert loss == pytest.approx(whole_loss, rel=1e-6)
    assert largest_difference(whole, passes) < 1e-5


def test_a_pass_that_is_run_again_drops_the_same_and_the_generator_goes_on() -> None:
    objective = embedder(Dropping())
    step(objective, in_passes=True)
    masks, after = objective.module.drawn, torch.rand(1)
    first, second = masks[: len(masks) // 2], masks[len(masks) // 2 :]
    assert all(torch.equal(one, other) for one, other in zip(first, second, strict=True))
    assert any(mask.any() for mask in masks)
    objective.module.drawn = []
    step(objective, in_passes=False)
    assert torch.equal(after, torch.rand(1)), "draws of the second round do not count"


def test_passes_of_pointwise_losses_are_run_once() -> None:
    whole, once, twice = (Dropping() for _ in range(3))
    step(reranker(whole), in_passes=False)
    step(reranker(once), in_passes=True)
    step(reranker(twice, list_weight=0.7), in_passes=True)
    assert (once.num_passes, twice.num_passes) == (whole.num_passes, 2 * whole.num_passes)


@pytest.mark.parametrize("task", ["embedder", "listwise"])
def test_passes_agree_with_the_whole_batch_in_bf16(task: str) -> None:
    objective = TASKS[task](pico_decoder().requires_grad_())
    whole_loss, whole = step(objective, in_passes=False, bf16=True)
    loss, passes = step(objective, in_passes=True, bf16=True)
    assert loss == pytest.approx(whole_loss, rel=2e-2)
    assert largest_difference(whole, passes) < 5e-2


def test_a_loss_in_pieces_is_the_loss_in_one() -> None:
    decoder = pico_decoder().requires_grad_()
    one_loss, one = step(embedder(decoder, loss_rows=1000), in_passes=False)
    loss, pieces = step(embedder(decoder, loss_rows=3), in_passes=False)
    assert loss == pytest.approx(one_loss, rel=1e-6)
    assert largest_difference(one, pieces) < 1e-5


@pytest.mark.parametrize("in_passes", [False, True])
@pytest.mark.parametrize("task", ["embedder", "reranker"])
def test_recomputed_layers_have_the_same_gradient_to_the_bit(task: str, in_passes: bool) -> None:
    kept, recomputed = (pico_decoder().requires_grad_() for _ in range(2))
    recompute_layers(recomputed)
    recompute_layers(recomputed)  # a second stage of training changes nothing
    calls = []
    recomputed.layers[0].input_layernorm.register_forward_hook(lambda *_: calls.append(1))
    expected, found = step(TASKS[task](kept), in_passes=in_passes), step(TASKS[task](recomputed), in_passes=in_passes)
    assert expected[0] == found[0]
    assert all(torch.equal(expected[1][name], found[1][name]) for name in expected[1])
    batch = TASKS[task](kept).prepare(rows())
    once = len(batch.packs) * (2 if task == "reranker" else 1)  # a reranker's pass has its prefix
    rounds = 3 if in_passes and task == "embedder" else 2
    assert len(calls) == rounds * once


def test_a_task_that_cannot_be_cut_says_so() -> None:
    objective = TokenTableObjective(TokenTable(320, 48), pico_tokenizer(), EmbedderObjectiveConfig(dims=(48,)))
    with pytest.raises(ConfigError, match="TokenTableObjective cannot be cut"):
        step(objective, in_passes=True)
    with pytest.raises(ConfigError, match="has no layers"):
        recompute_layers(objective.module)
