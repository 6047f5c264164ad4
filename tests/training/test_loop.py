"""Training learns, resumes to the bit, and keeps its checkpoints whole."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from embedrank.core.errors import ConfigError, InvalidInputError, StorageError
from embedrank.model.packing import Pack
from embedrank.training.checkpoint import load_latest, save_checkpoint
from embedrank.training.embedder_config import EmbedderObjectiveConfig
from embedrank.training.embedder_objective import EmbedderObjective
from embedrank.training.loop import LoopConfig, StepReport, train
from embedrank.training.losses.info_nce import InfoNCEConfig
from embedrank.training.mixing import Mixture, MixtureConfig
from embedrank.training.objective import Objective
from embedrank.training.reranker_config import RerankerObjectiveConfig
from embedrank.training.reranker_objective import RerankerObjective
from embedrank.training.rows import TrainingRow
from embedrank.training.schedule import warmup_cosine
from embedrank.training.token_table import SILENT, TokenTable, TokenTableObjective, lay_under
from tests.model.conftest import pico_config, pico_decoder, pico_tokenizer

LETTERS = "abcdefghijklmnop"


def rows(source: str) -> list[TrainingRow]:
    return [
        TrainingRow(
            task="retrieval",
            query=f"{letter * 3}?",
            positives=(f"{letter} {source} {letter}",),
            negatives=(f"{other} {source} {other}", f"{other}"),
            source=source,
        )
        for letter, other in zip(LETTERS, LETTERS[1:] + "a", strict=True)
    ]


def mixture() -> Mixture:
    return Mixture({"one": rows("one"), "two": rows("two")}, MixtureConfig(batch_size=8))


def embedder_objective() -> Objective:
    decoder = pico_decoder()
    decoder.requires_grad_(True)
    config = EmbedderObjectiveConfig(dims=(48, 32), num_negatives=1, loss=InfoNCEConfig(temperature=0.05))
    return EmbedderObjective(decoder, pico_tokenizer(), config)


def reranker_objective(loss: str) -> Objective:
    decoder = pico_decoder()
    decoder.requires_grad_(True)
    return RerankerObjective(decoder, pico_tokenizer(), RerankerObjectiveConfig(loss=loss, max_length=512))


def table_objective() -> Objective:
    torch.manual_seed(0)
    config = EmbedderObjectiveConfig(dims=(48,), loss=InfoNCEConfig(temperature=0.05))
    return TokenTableObjective(TokenTable(320, 48), pico_tokenizer(), config)


TASKS = {
    "embedder": embedder_objective,
    "two": lambda: reranker_objective("two_tokens"),
    "full": lambda: reranker_objective("full_vocabulary"),
    "table": table_objective,
}


def config(**changes: object) -> LoopConfig:
    fields = {"num_steps": 12, "learning_rate": 3e-3, "warmup_steps": 2, "checkpoint_every": 4, "bf16": False}
    return LoopConfig(**{**fields, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize("task", TASKS)
def test_every_objective_learns(task: str, tmp_path: Path) -> None:
    reports: list[StepReport] = []
    train(TASKS[task](), mixture(), config(num_steps=30), folder=tmp_path, on_step=reports.append)
    assert sum(report.loss for report in reports[-5:]) < 0.9 * sum(report.loss for report in reports[:5])


@pytest.mark.parametrize("bf16", [False, True])
@pytest.mark.parametrize("task", ["embedder", "two"])
def test_a_resumed_run_equals_an_uninterrupted_one_to_the_bit(task: str, bf16: bool, tmp_path: Path) -> None:
    whole, broken = TASKS[task](), TASKS[task]()
    train(whole, mixture(), config(bf16=bf16), folder=tmp_path / "whole")
    train(broken, mixture(), config(bf16=bf16), folder=tmp_path / "broken", stop_at=5)
    resumed = TASKS[task]()
    assert train(resumed, mixture(), config(bf16=bf16), folder=tmp_path / "broken") == 12
    for one, other in zip(whole.module.parameters(), resumed.module.parameters(), strict=True):
        assert torch.equal(one, other)


def test_a_half_written_checkpoint_is_passed_over(tmp_path: Path) -> None:
    save_checkpoint(tmp_path, 1, {"step": 1})
    (tmp_path / "checkpoint-0000002.partial").mkdir()
    (tmp_path / "checkpoint-0000003").mkdir()
    assert load_latest(tmp_path) == {"step": 1}
    (tmp_path / "checkpoint-0000004").mkdir()
    (tmp_path / "checkpoint-0000004" / "state.pt").write_bytes(b"not a checkpoint")
    with pytest.raises(StorageError, match="cannot be read"):
        load_latest(tmp_path)


def test_only_the_newest_checkpoints_are_kept(tmp_path: Path) -> None:
    for step in range(4):
        save_checkpoint(tmp_path, step, {"step": step}, keep=2)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["checkpoint-0000002", "checkpoint-0000003"]


def test_a_decoder_laid_on_a_token_table_starts_near_the_bag(tmp_path: Path) -> None:
    torch.manual_seed(0)
    shape = pico_config(num_attention_heads=3, num_key_value_heads=3)
    decoder = pico_decoder(num_attention_heads=3, num_key_value_heads=3)
    from embedrank.model.initialize import initialize

    initialize(decoder, seed=0)
    tokenizer, table = pico_tokenizer(), TokenTable(shape.vocab_size, shape.hidden_size)
    lay_under(decoder, table.weight.detach(), end_id=tokenizer.end_id)
    sequences = [[*torch.randint(0, 256, (n,)).tolist(), tokenizer.end_id] for n in (5, 12, 30)]
    with torch.no_grad():
        bag, deep = table(sequences), decoder(Pack.of(sequences))
    assert torch.equal(bag[:, -SILENT:], torch.zeros(3, SILENT))
    cosines = torch.nn.functional.cosine_similarity(bag, deep)
    assert cosines.min() > 0.9


def test_a_decoder_of_narrow_values_cannot_be_laid_on_a_table() -> None:
    with pytest.raises(ConfigError, match="full width"):
        lay_under(pico_decoder(), torch.zeros(320, 48), end_id=0)


def test_a_reranker_without_negatives_says_so() -> None:
    bare = [TrainingRow(task="retrieval", query="a", positives=("b",), source="bare")]
    with pytest.raises(InvalidInputError, match="mine"):
        reranker_objective("two_tokens").loss(bare)


def test_the_rate_rises_then_falls_to_its_floor() -> None:
    rates = [warmup_cosine(step, num_steps=100, warmup_steps=10, floor=0.1) for step in range(101)]
    assert rates[9] == 1.0
    assert rates[:10] == sorted(rates[:10])
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert rates[100] == pytest.approx(0.1)


@pytest.mark.parametrize(
    "wrong",
    [
        {"num_steps": 0},
        {"learning_rate": -1.0},
        {"checkpoint_every": 0},
        {"evaluate_every": 0},
        {"ema_decay": 1.0},
        {"parallel": "pipeline"},
        {"gather_bf16": True, "bf16": None},
        {"gather_bf16": True, "parallel": "fsdp", "bf16": False},
    ],
)
def test_unsound_loops_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ConfigError):
        config(**wrong)


@pytest.mark.parametrize("parallel", ["ddp", "fsdp"])
def test_a_run_of_many_that_nobody_started_says_so(parallel: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="torchrun"):
        train(embedder_objective(), mixture(), config(parallel=parallel), folder=tmp_path)


def test_what_cannot_be_compiled_says_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="TokenTable cannot be compiled"):
        train(table_objective(), mixture(), config(compile=True), folder=tmp_path)
