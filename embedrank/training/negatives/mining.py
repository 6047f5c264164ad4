"""A whole run, from rows and a corpus to rows with hard negatives, resumed where an earlier one was killed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Final, TypeAlias, TypeVar

from embedrank.core.errors import DatasetError, InvalidInputError, StorageError
from embedrank.core.protocols import Encoder, Reranker
from embedrank.training.negatives.config import MiningConfig
from embedrank.training.negatives.corpus import Corpus, write_corpus
from embedrank.training.negatives.decision_file import DecisionFile
from embedrank.training.negatives.known_positives import KnownPositives
from embedrank.training.negatives.library import Library
from embedrank.training.negatives.miner import Miner
from embedrank.training.negatives.output import write_output
from embedrank.training.negatives.row_writing import require_suffix
from embedrank.training.negatives.work_folder import WorkFolder
from embedrank.training.rows import TrainingRow

_ROWS_AT_ONCE: Final = 1024  # that share one pass over the vectors
_COUNTED_EVERY: Final = 1000

_Item = TypeVar("_Item")

Tell: TypeAlias = Callable[[str, int, int | None], None]
"""What is being done, how much of it is done, and of how much, None where that is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MiningTask:
    """What is mined, and by what. Everything that is called may be called again and gives the same.

    Attributes:
        rows: Reads the rows.
        encoders: Name to what loads an encoder; one or more.
        corpus: Reads the documents; None takes the positives of the rows.
        reranker: Loads the reranker that has a veto; None for none.
        inputs: JSON values that tell whether rows, corpus and reranker are still the same when a run goes on.
        left_out: What of the input became no row, by reason; asked for after the rows have been read.
    """

    rows: Callable[[], Iterable[TrainingRow]]
    encoders: Mapping[str, Callable[[], Encoder]]
    corpus: Callable[[], Iterable[str]] | None = None
    reranker: Callable[[], Reranker] | None = None
    inputs: Mapping[str, object] = field(default_factory=dict)
    left_out: Mapping[str, int] = field(default_factory=dict)


def mine(task: MiningTask, out: Path, config: MiningConfig, *, tell: Tell, restart: bool = False) -> dict[str, object]:
    """Mine negatives for all rows and write them, going on where an earlier run was killed.

    Args:
        task: Rows, corpus and models.
        out: The output; its name ends in .jsonl, .jsonl.gz or .parquet.
        config: The bounds, and how to draw.
        tell: Told what is done.
        restart: Whether to throw away what an earlier run left.

    Returns:
        The report, which also lies beside the output.

    Raises:
        DatasetError: If rows or corpus cannot be read or hold nothing.
        InvalidInputError: If the output cannot be written there.
        ResumeError: If an earlier run was begun with something else.
        StorageError: If the disk is full, or another run is writing the same output.
    """
    _require_writable(out)
    work = WorkFolder(out, restart=restart)
    try:
        work.agree({**task.inputs, "settings": asdict(config), "encoders": list(task.encoders)})
        return _mine(task, out, config, work, tell)
    except OSError as error:
        raise StorageError(error.filename or out, error.strerror or str(error)) from error
    finally:
        work.close()


def _mine(task: MiningTask, out: Path, config: MiningConfig, work: WorkFolder, tell: Tell) -> dict[str, object]:
    known = KnownPositives(_counted(task.rows(), "reading rows", tell))
    if not known.num_rows:
        raise DatasetError("training rows", "there are none")
    with closing(_corpus(task, known, work, tell)) as corpus, closing(DecisionFile(work)) as decided:
        encoders = [load() for load in task.encoders.values()]
        work.agree({"fingerprints": [encoder.fingerprint for encoder in encoders]})
        libraries = [Library(encoder, number, work, config) for number, encoder in enumerate(encoders)]
        for name, library in zip(task.encoders, libraries, strict=True):
            library.embed(corpus, partial(tell, f"embedding the corpus, {name}"))
        if decided.num_rows < known.num_rows:
            reranker = None if task.reranker is None else task.reranker()
            miner = Miner(corpus, libraries, known, config, reranker)
            _decide(task.rows(), miner, decided, lambda: tell("mining", decided.num_rows, known.num_rows))
        facts = _facts(task, config, work)
        report = write_output(
            out,
            work.path,
            zip(task.rows(), decided.decisions(), strict=True),
            corpus,
            known,
            config,
            encoders=list(task.encoders),
            facts=facts,
            tell=lambda done: tell("writing", done, known.num_rows),
        )
    work.remove()
    return report


def _corpus(task: MiningTask, known: KnownPositives, work: WorkFolder, tell: Tell) -> Corpus:
    if work.progress.corpus is None:
        positives = (text for row in task.rows() for text in row.positives)
        texts = positives if task.corpus is None else task.corpus()
        counts, repeated = write_corpus(work.path, _counted(texts, "reading the corpus", tell))
        if not counts.num_documents:
            raise DatasetError("the corpus", "holds no text")
        counts = replace(counts, num_repeated_positives=known.holds(repeated))
        work.commit(replace(work.progress, corpus=counts))
    return Corpus(work.path)


def _decide(rows: Iterable[TrainingRow], miner: Miner, decided: DecisionFile, tell: Callable[[], None]) -> None:
    # A part that was begun is searched again as a whole: the same products give the same bits.
    first = decided.num_rows - decided.num_rows % _ROWS_AT_ONCE
    remaining = islice(rows, first, None)
    tell()
    while part := list(islice(remaining, _ROWS_AT_ONCE)):
        for decision in miner.decide(part, first=first, skip=max(decided.num_rows - first, 0)):
            decided.append(decision)
            tell()
        first += len(part)
    decided.commit()


def _facts(task: MiningTask, config: MiningConfig, work: WorkFolder) -> dict[str, object]:
    counts = work.progress.corpus
    assert counts is not None
    return {
        "inputs": dict(task.inputs),
        "left_out": dict(task.left_out),
        "settings": asdict(config),
        "corpus": {**asdict(counts), "num_documents": counts.num_documents},
    }


def _require_writable(out: Path) -> None:
    require_suffix(out)
    if not out.parent.is_dir():
        raise InvalidInputError(str(out.parent), "no such folder")
    if out.is_dir():
        raise InvalidInputError(str(out), "is a folder", hint="choose another name")


def _counted(items: Iterable[_Item], what: str, tell: Tell) -> Iterator[_Item]:
    for number, item in enumerate(items, start=1):
        yield item
        if number % _COUNTED_EVERY == 0:
            tell(what, number, None)
