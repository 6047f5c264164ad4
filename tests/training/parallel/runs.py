"""Small runs that one process and two processes make alike, and what is kept of them.

Rows differ in length and number of negatives and are dealt out unevenly, so that processes have unequal rows, pairs and
packs. Run as a module it is the work of each of the two processes.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from embedrank.core.errors import StorageError
from embedrank.training.embedder_config import EmbedderObjectiveConfig
from embedrank.training.embedder_objective import EmbedderObjective
from embedrank.training.gather import gather_rows
from embedrank.training.loop import LoopConfig, StepReport, train
from embedrank.training.losses.info_nce import InfoNCEConfig
from embedrank.training.mixing import Mixture, MixtureConfig
from embedrank.training.parallel.together import TogetherEncoder, TogetherReranker
from embedrank.training.parallel.whole import whole_weights
from embedrank.training.parallel.world import World, joined
from embedrank.training.reranker_config import RerankerObjectiveConfig
from embedrank.training.reranker_objective import RerankerObjective
from embedrank.training.rows import TrainingRow
from embedrank.training.sharded_checkpoint import save_sharded
from tests.model.conftest import pico_decoder, pico_tokenizer

LETTERS = "abcdefghijklmnop"
TEXTS = ["a one a", "b " * 40, "c", "hello world", "d one d e f g", "no", "p" * 25]
STEPS, MIDDLE = 4, 2
FIRST_SHARE = 5  # of 8 rows


def rows() -> list[TrainingRow]:
    return [
        TrainingRow(
            task="retrieval",
            query=f"{letter * (2 + number % 5)}?",
            positives=(f"{letter} one {letter}" + " and so on" * (number % 3),),
            negatives=tuple(f"{other} one {other} {k}" for k in range(1 + number % 3)),
            source="one",
        )
        for number, (letter, other) in enumerate(zip(LETTERS, LETTERS[1:] + "a", strict=True))
    ]


class Shares:
    """The batches of one process, cut unevenly for two."""

    def __init__(self) -> None:
        self._mixture = Mixture({"one": rows()}, MixtureConfig(batch_size=8))

    def next_batch(self) -> list[TrainingRow]:
        batch, world = self._mixture.next_batch(), World.current()
        if world.size == 1:
            return batch
        return batch[:FIRST_SHARE] if world.is_first else batch[FIRST_SHARE:]

    def state(self) -> dict[str, Any]:
        return self._mixture.state()

    def restore(self, state: Mapping[str, Any]) -> None:
        self._mixture.restore(state)


def embedder(**changes: Any) -> EmbedderObjective:
    decoder = pico_decoder()
    decoder.requires_grad_(True)
    loss = InfoNCEConfig(temperature=0.05)
    config = EmbedderObjectiveConfig(dims=(48, 32), num_negatives=2, loss=loss, pack_tokens=90, loss_rows=3, **changes)
    return EmbedderObjective(decoder, pico_tokenizer(), config)


def reranker(**changes: Any) -> RerankerObjective:
    decoder = pico_decoder()
    decoder.requires_grad_(True)
    config = RerankerObjectiveConfig(max_length=512, pack_tokens=450, **changes)
    return RerankerObjective(decoder, pico_tokenizer(), config)


TASKS: dict[str, Callable[[], Any]] = {
    "embedder": embedder,
    "reranker": reranker,
    "listwise": lambda: reranker(list_weight=0.5),
    "quantised": lambda: embedder(quantise={"none": 1.0, "lsq": 0.5}, task_losses={"retrieval": "bitext"}),
    "score head": lambda: reranker(loss="score_head", head="score"),
}
KINDS: dict[str, dict[str, Any]] = {
    "ddp": {"parallel": "ddp", "ema_decay": 0.5},
    "fsdp": {"parallel": "fsdp", "recompute": True, "ema_decay": 0.5},
    "ddp in passes": {"parallel": "ddp", "in_passes": True, "recompute": True},
    "fsdp in passes": {"parallel": "fsdp", "in_passes": True},
}
ALONE = {"ema_decay": 0.5}
RUNS = (
    *[("embedder", kind) for kind in KINDS],
    ("reranker", "ddp"),
    ("reranker", "fsdp"),
    ("reranker", "fsdp in passes"),
    ("listwise", "ddp in passes"),
    *[("quantised", kind) for kind in ("ddp", "ddp in passes", "fsdp in passes")],
    *[("score head", kind) for kind in ("ddp", "fsdp in passes")],
)


def config(**changes: Any) -> LoopConfig:
    fields = {"num_steps": STEPS, "learning_rate": 3e-3, "warmup_steps": 1, "bf16": False}
    return LoopConfig(**{**fields, "max_grad_norm": 0.5, "evaluate_every": 2, **changes})


def evaluation(objective: Any) -> Callable[[], Tensor]:
    """What all processes compute of a model together: vectors of texts, or scores."""
    if isinstance(objective, EmbedderObjective):
        encoder = TogetherEncoder(objective.packed, pico_tokenizer(), dim=48, max_length=512)
        return lambda: torch.from_numpy(encoder.encode_documents(TEXTS, dim=32))
    scorer = TogetherReranker(objective)
    return lambda: torch.from_numpy(scorer.logits("hello?", TEXTS))


def curve(task: str, settings: Mapping[str, Any], folder: Path, *, stop_at: int | None = None) -> dict[str, Any]:
    """Losses and gradient norms of a run, and what its evaluations saw."""
    reports: list[StepReport] = []
    seen: list[Tensor] = []
    whole: dict[str, Tensor] = {}
    objective = TASKS[task]()
    look = evaluation(objective)

    def on_evaluate(step: int, module: nn.Module) -> None:
        assert module is objective.module and not module.training
        seen.append(look())
        whole.update(whole_weights(module))

    train(
        objective,
        Shares(),
        config(**settings),
        folder=folder,
        on_step=reports.append,
        on_evaluate=on_evaluate,
        stop_at=stop_at,
    )
    return {
        "losses": [report.loss for report in reports],
        "norms": [report.grad_norm for report in reports],
        "seen": torch.stack(seen) if seen else None,
        "whole": whole,
    }


def gathered(world: World) -> dict[str, Tensor]:
    """A sum of squares of weighted rows of all, its gradient at home, whole and detached."""
    everything = torch.arange(16.0).view(8, 2)
    found = {}
    for detached in (False, True):
        own = everything[:FIRST_SHARE] if world.is_first else everything[FIRST_SHARE:]
        own = own.clone().requires_grad_()
        every = gather_rows(own, detached=detached)
        ((every * (1 + world.rank)) ** 2).sum().backward()
        found[f"rows {detached}"], found[f"gradient {detached}"] = every.detach(), own.grad
    return found


def failed_save(folder: Path, world: World) -> str:
    """What a checkpoint says that the second process cannot write."""
    own = {"generator": (lambda: 0) if world.rank else 0}
    try:
        save_sharded(folder, STEPS + 1, tensors={"one": torch.ones(1)}, own=own, shared={})
    except StorageError as error:
        return str(error)
    return "written"


def main(folder: Path) -> None:
    torch.set_num_threads(1)
    with joined() as world:
        found: dict[str, Any] = {"gathered": gathered(world)}
        for task, kind in RUNS:
            found[f"{task} {kind}"] = curve(task, KINDS[kind], folder / f"{task} {kind}")
        for kind in ("ddp", "fsdp"):
            name = f"from one, {kind}"
            found[name] = curve("embedder", KINDS[kind], folder / name)
        found["failure"] = failed_save(folder / "embedder fsdp", world)
        for kind in ("ddp", "fsdp"):
            curve("embedder", KINDS[kind], folder / f"from two, {kind}", stop_at=MIDDLE)
        torch.save(found, folder / f"found-{world.rank}.pt")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
