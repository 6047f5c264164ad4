"""Checkpoints of one process and of shards are read alike; what is damaged or foreign is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from embedrank.core.errors import StorageError
from embedrank.training.checkpoint import RUN, newest_checkpoint
from embedrank.training.ema import WeightAverage
from embedrank.training.loop import LoopConfig
from embedrank.training.optimizer import make_optimizer, take_step
from embedrank.training.run_state import RunState
from embedrank.training.sharded_checkpoint import load_sharded, save_sharded
from tests.model.conftest import pico_decoder
from tests.training.parallel.runs import Shares

CONFIG = LoopConfig(num_steps=1, learning_rate=0.1)


def stepped(
    *, hidden_size: int = 48, layers: int = 3, averaged: bool = False, in_shards: bool = False, steps: int = 2
) -> RunState:
    """A run some steps along."""
    torch.manual_seed(steps)
    module = pico_decoder(hidden_size=hidden_size, num_hidden_layers=layers).requires_grad_()
    optimizer = make_optimizer(module, CONFIG)
    average = WeightAverage(module, 0.5) if averaged else None
    for _ in range(steps):
        for parameter in module.parameters():
            parameter.grad = torch.randn_like(parameter)
        take_step(optimizer, factor=1.0, max_grad_norm=1.0)
        if average is not None:
            average.update()
    return RunState(module=module, optimizer=optimizer, batches=Shares(), average=average, in_shards=in_shards)


def same(one: RunState, other: RunState) -> bool:
    ours, theirs = one._tensors(), other._tensors()
    return ours.keys() == theirs.keys() and all(torch.equal(ours[name], theirs[name]) for name in ours)


@pytest.mark.filterwarnings("ignore")  # what torch says about a world of one
@pytest.mark.parametrize("in_shards", [False, True])
def test_everything_comes_back_to_the_bit(in_shards: bool, tmp_path: Path) -> None:
    saved, fresh = stepped(averaged=True, in_shards=in_shards), stepped(averaged=True, steps=0)
    saved.batches.next_batch()
    saved.save(tmp_path, 2)
    drawn = torch.rand(3)
    assert not same(saved, fresh)
    assert fresh.resume(tmp_path) == 2
    assert same(saved, fresh)
    assert torch.equal(torch.rand(3), drawn)
    assert fresh.batches.state() == saved.batches.state()


def test_an_average_that_was_not_kept_starts_at_the_weights(tmp_path: Path) -> None:
    saved, fresh = stepped(), stepped(averaged=True, steps=0)
    saved.save(tmp_path, 2)
    fresh.resume(tmp_path)
    assert fresh.average is not None
    assert torch.equal(fresh.average.tensors["norm.weight"], saved.module.norm.weight)  # type: ignore[arg-type]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("in_shards", [False, True])
def test_a_checkpoint_of_another_shape_is_refused(in_shards: bool, tmp_path: Path) -> None:
    stepped(in_shards=in_shards).save(tmp_path, 1)
    with pytest.raises(StorageError):
        stepped(hidden_size=32, steps=0).resume(tmp_path)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("in_shards", [False, True])
def test_a_checkpoint_of_more_or_fewer_layers_says_which(in_shards: bool, tmp_path: Path) -> None:
    deep, shallow = (stepped(layers=layers, in_shards=in_shards) for layers in (3, 2))
    deep.save(tmp_path / "deep", 1)
    shallow.save(tmp_path / "shallow", 1)
    with pytest.raises(StorageError, match=r"lacks module\.layers\.2"):
        deep.resume(tmp_path / "shallow")
    with pytest.raises(StorageError, match=r"has module\.layers\.2"):
        shallow.resume(tmp_path / "deep")


def test_weights_that_never_had_a_gradient_resume_without_moments(tmp_path: Path) -> None:
    saved, fresh = stepped(steps=0), stepped(steps=0)
    saved.save(tmp_path, 1)
    fresh.resume(tmp_path)
    assert same(saved, fresh)


@pytest.mark.filterwarnings("ignore")
def test_a_half_written_sharded_checkpoint_is_passed_over(tmp_path: Path) -> None:
    for step in (1, 2, 3):
        save_sharded(tmp_path, step, tensors={"one": torch.full((2,), float(step))}, own={}, shared={"step": step})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["checkpoint-0000002", "checkpoint-0000003"]
    (tmp_path / "checkpoint-0000003" / RUN).unlink()
    newest = newest_checkpoint(tmp_path)
    assert newest is not None
    target = torch.zeros(2)
    shared, own, known = load_sharded(newest, {"one": target, "two": torch.zeros(1)})
    assert (shared, own, known) == ({"step": 2}, {}, {"one"})
    assert torch.equal(target, torch.full((2,), 2.0))
    (newest / "shards" / ".metadata").write_bytes(b"nothing")
    with pytest.raises(StorageError, match="cannot be read"):
        load_sharded(newest, {"one": target})


def test_frozen_weights_take_no_step_and_keep_no_moments() -> None:
    module = pico_decoder().requires_grad_(False)
    module.norm.requires_grad_(True)
    optimizer = make_optimizer(module, CONFIG)
    assert [parameter for group in optimizer.param_groups for parameter in group["params"]] == [module.norm.weight]
    assert RunState(module=module, optimizer=optimizer, batches=Shares(), average=None, in_shards=False)._tensors()
    assert set(optimizer.state) == {module.norm.weight}


def test_the_norm_before_clipping_is_reported_and_the_step_is_that_of_the_clipped_gradient() -> None:
    runs = []
    for scale, limit in ((1.0, 1e9), (50.0, 1.0)):
        module = torch.nn.Linear(2, 2, bias=False)
        torch.nn.init.zeros_(module.weight)
        module.weight.grad = scale * torch.tensor([[0.6, 0.0], [0.0, 0.8]])
        norm = take_step(torch.optim.SGD([{"params": [module.weight], "peak": 0.5}]), factor=0.5, max_grad_norm=limit)
        runs.append((norm, module.weight.detach()))
    assert (runs[0][0], runs[1][0]) == pytest.approx((1.0, 50.0))
    assert torch.allclose(runs[0][1], runs[1][1], atol=1e-6)
    assert torch.allclose(runs[0][1], -0.25 * torch.tensor([[0.6, 0.0], [0.0, 0.8]]))
