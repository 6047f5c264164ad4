"""Averages follow their formula, serve in evaluation, and leave the weights alone."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from embedrank.training.ema import WeightAverage
from embedrank.training.loop import train
from tests.training.parallel.runs import Shares, config, embedder


def test_the_average_is_the_decayed_sum_of_all_weights_so_far() -> None:
    module = nn.Linear(3, 2)
    average, expected = WeightAverage(module, 0.9), module.weight.detach().clone()
    for _ in range(4):
        with torch.no_grad():
            module.weight.add_(torch.randn(2, 3))
        average.update()
        expected = 0.9 * expected + 0.1 * module.weight.detach()
    assert torch.allclose(average.tensors["weight"], expected, atol=1e-6)


def test_weights_come_back_to_the_bit_even_after_a_failure() -> None:
    module = nn.Linear(3, 2).bfloat16()
    average = WeightAverage(module, 0.5)
    assert average.tensors["weight"].dtype == torch.float32
    with torch.no_grad():
        module.weight.mul_(3)
    own = module.weight.detach().clone()
    with pytest.raises(ZeroDivisionError), average.in_place():
        assert torch.equal(module.weight.float(), average.tensors["weight"])
        raise ZeroDivisionError
    assert torch.equal(module.weight, own)


def test_frozen_weights_have_no_average() -> None:
    module = nn.Linear(3, 2)
    module.bias.requires_grad_(False)
    assert set(WeightAverage(module, 0.5).tensors) == {"weight"}


def test_evaluation_sees_averages_and_does_not_change_the_run(tmp_path: Path) -> None:
    seen: list[torch.Tensor] = []

    def on_evaluate(step: int, module: nn.Module) -> None:
        seen.append(module.embed_tokens.weight.detach().clone())  # type: ignore[union-attr,operator]
        torch.rand(step)

    watched, unwatched = embedder(), embedder()
    train(watched, Shares(), config(ema_decay=0.5), folder=tmp_path / "watched", on_evaluate=on_evaluate)
    train(unwatched, Shares(), config(), folder=tmp_path / "unwatched")
    assert len(seen) == 2
    own = watched.module.state_dict()
    assert not torch.equal(seen[-1], own["embed_tokens.weight"])
    assert all(torch.equal(own[name], tensor) for name, tensor in unwatched.module.state_dict().items())


def test_a_resumed_run_has_the_average_of_an_uninterrupted_one(tmp_path: Path) -> None:
    seen: dict[str, list[torch.Tensor]] = {"whole": [], "broken": []}
    for name, stops in (("whole", [None]), ("broken", [2, None])):
        for stop in stops:
            train(
                embedder(),
                Shares(),
                config(ema_decay=0.5, evaluate_every=100),
                folder=tmp_path / name,
                on_evaluate=lambda _, module, name=name: seen[name].append(module.norm.weight.detach().clone()),  # type: ignore[misc]
                stop_at=stop,
            )
    assert torch.equal(seen["whole"][-1], seen["broken"][-1])
