"""Two processes, started by torchrun, train as one: the same curve, norms, evaluations, checkpoints."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.training.parallel.runs import ALONE, FIRST_SHARE, MIDDLE, RUNS, STEPS, TASKS, curve

TIMEOUT_S = 240


@dataclass(frozen=True)
class Found:
    """What the two processes found, by rank; what one process finds, by task; and where the runs are."""

    two: list[dict[str, Any]]
    one: dict[str, dict[str, Any]]
    folder: Path


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory, repository: Path) -> Found:
    """All runs; the processes are started once, since starting them is most of the work."""
    folder = tmp_path_factory.mktemp("runs")
    one = {task: curve(task, ALONE, folder / f"{task} alone") for task in TASKS}
    for kind in ("ddp", "fsdp"):
        curve("embedder", ALONE, folder / f"from one, {kind}", stop_at=MIDDLE)
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    done = subprocess.run(
        [*torchrun, "-m", "tests.training.parallel.runs", str(folder)],
        cwd=repository,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    two = [torch.load(folder / f"found-{rank}.pt") for rank in range(2)]
    return Found(two=two, one=one, folder=folder)


@pytest.mark.parametrize(("task", "kind"), RUNS)
def test_losses_and_clipped_norms_are_those_of_one_process(found: Found, task: str, kind: str) -> None:
    expected, two = found.one[task], found.two[0][f"{task} {kind}"]
    near = 1e-4 if task == "quantised" else 1e-5  # a number that lies between two steps falls on either
    assert len(two["losses"]) == STEPS
    assert two["losses"] == pytest.approx(expected["losses"], abs=near)
    assert two["norms"] == pytest.approx(expected["norms"], rel=near)


@pytest.mark.parametrize("task", ["embedder", "reranker"])
def test_sharded_models_evaluate_as_whole_ones_and_alike_on_all_processes(found: Found, task: str) -> None:
    expected = found.one[task]["seen"]
    seen = [each[f"{task} fsdp"]["seen"] for each in found.two]
    assert torch.allclose(seen[0], expected, atol=1e-5)
    assert torch.equal(seen[0], seen[1])
    assert not torch.allclose(expected[0], expected[-1], atol=1e-3), "averages that never move would show nothing"


def test_sharded_weights_come_out_whole(found: Found) -> None:
    expected = found.one["embedder"]["whole"]
    for each in found.two:
        whole = each["embedder fsdp"]["whole"]
        assert whole.keys() == expected.keys()
        assert all(torch.allclose(whole[name], expected[name], atol=1e-5) for name in expected)


@pytest.mark.parametrize("kind", ["ddp", "fsdp"])
def test_one_process_goes_on_where_two_stopped(found: Found, kind: str) -> None:
    resumed = curve("embedder", ALONE, found.folder / f"from two, {kind}")
    assert resumed["losses"] == pytest.approx(found.one["embedder"]["losses"][MIDDLE:], abs=1e-5)
    assert torch.allclose(resumed["seen"][-1], found.one["embedder"]["seen"][-1], atol=1e-5)


@pytest.mark.parametrize("kind", ["ddp", "fsdp"])
def test_two_processes_go_on_where_one_stopped(found: Found, kind: str) -> None:
    resumed = found.two[0][f"from one, {kind}"]
    assert resumed["losses"] == pytest.approx(found.one["embedder"]["losses"][MIDDLE:], abs=1e-5)
    assert torch.allclose(resumed["seen"][-1], found.one["embedder"]["seen"][-1], atol=1e-5)


def test_a_checkpoint_that_one_process_cannot_write_fails_on_all_and_leaves_the_earlier_ones(found: Found) -> None:
    assert all("process 1: " in each["failure"] for each in found.two)
    assert [path.name for path in (found.folder / "embedder fsdp").iterdir()] == ["checkpoint-0000004"]


def test_gathered_rows_stand_by_rank_and_their_gradients_come_home(found: Found) -> None:
    everything = torch.arange(16.0).view(8, 2)
    shares = [everything[:FIRST_SHARE], everything[FIRST_SHARE:]]
    for rank, each in enumerate(found.two):
        assert torch.equal(each["gathered"]["rows False"], everything)
        assert torch.equal(each["gathered"]["rows True"], everything)
        # Process r's loss is the sum of ((1 + r) x)^2: the whole gradient sums both, the detached one has its own only.
        assert torch.equal(each["gathered"]["gradient False"], 2 * (1 + 4) * shares[rank])
        assert torch.equal(each["gathered"]["gradient True"], 2 * (1 + rank) ** 2 * shares[rank])
