"""Runs a synthesis: passages to blocks of drafts, through steps and filters, into a folder; goes on after a kill."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TypeAlias

from embedrank.core.errors import GeneratorStoppedError
from embedrank.synthesis.block import Wishes, blocks_of
from embedrank.synthesis.filters.filter import Filter
from embedrank.synthesis.kept import kept_drafts
from embedrank.synthesis.ledger import Settings, Totals
from embedrank.synthesis.output_folder import OutputFolder
from embedrank.synthesis.passage import Passage
from embedrank.synthesis.pool import Pool
from embedrank.synthesis.sifting import sift

Tell: TypeAlias = Callable[[Totals], None]
"""Told after each block, and now and then between."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SynthesisTask:
    """What is to be done.

    Attributes:
        passages: Reads all passages from the beginning, each time in the same order.
        wishes: The plan.
        filters: The chain, in order.
        generator: Name of the generator.
        settings: What decides the rows; a run goes on only with the same.
        limit: Most passages of the run; None for all. A run may go on with more.
        block_passages: Passages in a block.
    """

    passages: Callable[[], Iterable[Passage]]
    wishes: Wishes
    filters: Sequence[Filter]
    generator: str
    settings: Settings
    limit: int | None = None
    block_passages: int = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReport:
    """How a run ended.

    Attributes:
        totals: Of the whole run, earlier beginnings included.
        num_resumed: Passages that were done before this beginning.
        stopped: Why it ended before the last passage; None where it did not.
    """

    totals: Totals
    num_resumed: int
    stopped: GeneratorStoppedError | None


def run_synthesis(
    task: SynthesisTask,
    pool: Pool,
    folder: Path,
    *,
    tell: Tell,
    restart: bool = False,
    beside: Mapping[str, str] | None = None,
) -> RunReport:
    """Run to the end, or until the generator answers no more.

    Args:
        task: What is to be done.
        pool: Where blocks are computed.
        folder: Where the output goes; an earlier run in it is gone on with.
        tell: Told how far it is.
        restart: Whether to throw away an earlier run's output instead.
        beside: Texts of files that shall lie beside the output, by name.

    Returns:
        How it ended.

    Raises:
        ResumeError: If the folder holds a run with other settings.
        StorageError: If the folder cannot be used.
    """
    output = OutputFolder(folder, task.settings, restart=restart, beside=beside)
    try:
        done = output.totals.passages
        _remind(task, folder, done)
        tell(output.totals)
        stopped = None
        passages = islice(task.passages(), task.limit)
        blocks = blocks_of(passages, task.wishes, size=task.block_passages, first=done)
        began = time.monotonic()
        try:
            with closing(pool.results(blocks, lambda: tell(output.totals))) as results:
                for block, made in results:
                    ends = sift(block.drafts, made.results, task.filters)
                    now = time.monotonic()
                    told = {"answers": made.answers, "seconds": round(now - began, 3)}
                    output.append(block, ends, generator=task.generator, told=told)
                    began = now
                    tell(output.totals)
        except GeneratorStoppedError as error:
            stopped = error
        return RunReport(totals=output.totals, num_resumed=done, stopped=stopped)
    finally:
        output.close()


def _remind(task: SynthesisTask, folder: Path, num_passages: int) -> None:
    """Tell filters what an earlier beginning of the run has kept."""
    if not num_passages or not task.filters:
        return
    passages = task.passages()
    for kept in kept_drafts(folder, passages, task.wishes, num_passages=num_passages, size=task.block_passages):
        for each in task.filters:
            each.remember(kept)
