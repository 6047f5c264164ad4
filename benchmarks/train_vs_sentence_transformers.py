"""Training tokens per second of ours and of sentence-transformers' trainer, in turns in one process.

    python benchmarks/train_vs_sentence_transformers.py [--rounds 5] [--steps 2] [--batch 32] [--threads 2]

Same weights, rows (questions, their passage and another one), batch and loss: InfoNCE with hard and in-batch negatives
is MultipleNegativesRankingLoss. The losses of the first batch are compared before anything is timed. A turn is some
steps of each trainer as its users run it, collator, clipping and optimiser included. Padding is no token.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from _alternating import print_ratios
from datasets import Dataset
from sentence_transformers import SentenceTransformer, SentenceTransformerTrainer, SentenceTransformerTrainingArguments
from sentence_transformers.sentence_transformer.losses import MultipleNegativesRankingLoss
from transformers import PrinterCallback, TrainerCallback
from transformers.utils import logging

from embedrank.model.resolve import resolve
from embedrank.training.data.reading import read_source
from embedrank.training.data.source import SourceConfig
from embedrank.training.embedder_config import EmbedderObjectiveConfig
from embedrank.training.embedder_objective import EmbedderObjective
from embedrank.training.gradients import autocast
from embedrank.training.loop import train
from embedrank.training.loop_config import LoopConfig, StepReport
from embedrank.training.losses.info_nce import InfoNCEConfig
from embedrank.training.mixing import Mixture, MixtureConfig
from embedrank.training.rows import TrainingRow
from embedrank.training.stages.config import StageConfig
from embedrank.training.stages.starting import Start

TEMPERATURE = 0.05
DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "squadshifts_wiki"
PRECISIONS = {"fp32": False, "bf16": True}
CLOCKS = ("seconds that pass", "processor seconds")


def read_rows(folder: Path, split: str, count: int) -> list[TrainingRow]:
    """Questions of a BEIR folder, each with its passage and one that answers none of them; no text stands twice."""
    source = SourceConfig(files=[str(folder)], split=split)
    found = {row.positives[0]: row for _, row in read_source(source) if isinstance(row, TrainingRow)}
    chosen = random.Random(0).sample(sorted(found), 2 * count)
    return [
        replace(found[passage], positives=(passage,), negatives=(other,), source="questions")
        for passage, other in zip(chosen[:count], chosen[count:], strict=True)
    ]


class Ours:
    """Our loop, as `embedrank train` runs it."""

    def __init__(self, folder: Path, rows: list[TrainingRow], arguments: argparse.Namespace, *, bf16: bool) -> None:
        self.objective = EmbedderObjectiveConfig(
            dims=(320,),
            loss=InfoNCEConfig(temperature=TEMPERATURE, terms=("hard", "qd"), margin=None, duplicates=()),
            max_query_tokens=arguments.max_length,
            max_document_tokens=arguments.max_length,
            num_negatives=1,
        )
        self.loop = LoopConfig(num_steps=arguments.steps, learning_rate=1e-5, warmup_steps=0, bf16=bf16)
        self.mixture = MixtureConfig(batch_size=arguments.batch)
        settings = {"kind": "embedder", "model": str(folder), "sources": {"questions": "unread"}, "device": "cpu"}
        loop = {"num_steps": 1, "learning_rate": 1.0}
        stage = {**settings, "mixture": {"batch_size": 1}, "objective": {"dims": [320]}, "loop": loop}
        start = Start.of(StageConfig.from_mapping(stage))
        self.task = EmbedderObjective(start.decoder, start.tokenizer, self.objective)
        self.rows = rows
        self.num_tokens = 0

    def first_loss(self) -> float:
        """Loss of the first batch."""
        with autocast(self.task.module, self.loop.bf16):
            return self.task.loss(self.rows[: self.mixture.batch_size]).item()

    def run(self) -> list[float]:
        """Seconds of the steps of one turn, by both clocks."""
        clock = _Clock()
        self.num_tokens = 0

        def step(report: StepReport) -> None:
            self.num_tokens += report.num_tokens
            clock.stop()

        with tempfile.TemporaryDirectory() as folder:
            train(
                self.task,
                Mixture({"questions": self.rows}, self.mixture),
                self.loop,
                folder=Path(folder),
                on_resume=lambda done: clock.start(),
                on_step=step,
            )
        return clock.seconds


class Theirs:
    """sentence-transformers' trainer with its usual collator and sampler, saving and reporting nothing."""

    def __init__(self, folder: Path, rows: list[TrainingRow], arguments: argparse.Namespace, *, bf16: bool) -> None:
        self.model = SentenceTransformer(str(folder), device="cpu", model_kwargs={"dtype": torch.float32})
        self.model.max_seq_length = arguments.max_length
        self.loss = MultipleNegativesRankingLoss(self.model, scale=1 / TEMPERATURE)
        columns = {
            "anchor": [row.query for row in rows],
            "positive": [row.positives[0] for row in rows],
            "negative": [row.negatives[0] for row in rows],
        }
        self.rows = Dataset.from_dict(columns)
        self.batch, self.bf16 = arguments.batch, bf16
        self.settings = {
            "per_device_train_batch_size": arguments.batch,
            "max_steps": arguments.steps,
            "bf16": bf16,
            "use_cpu": True,
            "learning_rate": 1e-5,
            "optim": "adamw_torch_fused",
            "save_strategy": "no",
            "logging_strategy": "no",
            "report_to": "none",
            "disable_tqdm": True,
            "dataloader_pin_memory": False,
        }

    def first_loss(self) -> float:
        """Loss of the first batch."""
        texts = [self.rows[name][: self.batch] for name in ("anchor", "positive", "negative")]
        features = [self.model.preprocess(some) for some in texts]
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=self.bf16):
            return float(self.loss(features, torch.zeros(self.batch)))

    def run(self) -> list[float]:
        """Seconds of the steps of one turn, by both clocks."""
        clock = _Clock()
        with tempfile.TemporaryDirectory() as folder:
            trainer = SentenceTransformerTrainer(
                model=self.model,
                args=SentenceTransformerTrainingArguments(folder, **self.settings),
                train_dataset=self.rows,
                loss=self.loss,
                callbacks=[clock],
            )
            trainer.remove_callback(PrinterCallback)
            trainer.train()
        return clock.seconds


class _Clock(TrainerCallback):
    """Time from the beginning of training to the end of the last step, as it passes and as processors spend it."""

    def start(self) -> bool:
        """Begin; False, which lets our loop go on."""
        self.begun = _now()
        return False

    def stop(self) -> None:
        """A step has ended."""
        self.ended = _now()

    @property
    def seconds(self) -> list[float]:
        """Seconds that passed, and seconds of processor time."""
        return [end - begin for begin, end in zip(self.begun, self.ended, strict=True)]

    def on_train_begin(self, *_: Any, **__: Any) -> None:
        """As `start`."""
        self.start()

    def on_step_end(self, *_: Any, **__: Any) -> None:
        """As `stop`."""
        self.stop()


def _now() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def main() -> None:
    """Check the losses, then measure all in turns."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA, help="BEIR folder")
    parser.add_argument("--split", default="train")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=2)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--max-length", type=int, default=512)
    parser.add_argument("--precisions", nargs="+", choices=tuple(PRECISIONS), default=list(PRECISIONS))
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    folder = resolve("nano", kind="embedder")
    rows = read_rows(arguments.data, arguments.split, arguments.batch * arguments.steps)
    for precision in arguments.precisions:
        bf16 = PRECISIONS[precision]
        ours, theirs = Ours(folder, rows, arguments, bf16=bf16), Theirs(folder, rows, arguments, bf16=bf16)
        losses = ours.first_loss(), theirs.first_loss()
        assert abs(losses[0] - losses[1]) < (2e-2 if bf16 else 1e-3), losses
        runs: dict[str, Callable[[], list[float]]] = {"embedrank": ours.run, "sentence-transformers": theirs.run}
        for run in runs.values():
            run()
        turns: dict[str, list[list[float]]] = {name: [] for name in runs}
        for _ in range(arguments.rounds):
            for name, run in runs.items():
                turns[name].append(run())
        print(
            f"{precision}: batch {arguments.batch}, {arguments.steps} steps, {ours.num_tokens} tokens, "
            f"{torch.get_num_threads()} threads, first losses {losses[0]:.5f} and {losses[1]:.5f}"
        )
        for number, clock in enumerate(CLOCKS):
            seconds = {f"{name}, {clock}": [turn[number] for turn in found] for name, found in turns.items()}
            print_ratios(seconds, ours=f"embedrank, {clock}", amount=ours.num_tokens, unit="tokens")


if __name__ == "__main__":
    main()
