"""Rows of `embedrank tune`: pairs made of an index's chunks, or feedback; some to train on, some to judge by."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from embedrank.cli.console import note
from embedrank.cli.wiring import Wiring
from embedrank.core.durable import replace_durably
from embedrank.core.errors import ConfigError, DatasetError, StorageError
from embedrank.core.storing import storing

if TYPE_CHECKING:
    from embedrank.core.types import Chunk
    from embedrank.training.data.holding_out import Grouped, Parted

_RECORD: Final = "parted.json"
_SOURCE: Final = "own"
_WEAK: Final[Mapping[str, Any]] = {
    "plan": {
        "rows_per_passage": 3,
        "query_type": {"summary": 2, "background": 1, "keywords": 1},
        "length": {"3-8": 1, "9-40": 3},
    },
    "encoder": None,
}
"""Title, statement and key phrases against the chunk; made-up question forms taught less (LOG.md)."""


def parted_rows(index: Path, folder: Path, wiring: Wiring, *, synth: Path | None, feedback: Path | None) -> Parted:
    """Make rows and part them; what an earlier beginning of the run has parted is taken as it is.

    All rows get the instruction that the index asks with, whatever they were written under: it is what the model will
    read in use.

    Args:
        index: Folder of the index.
        folder: Where rows are kept.
        wiring: Gives models that a synthesis asks for.
        synth: YAML of a synthesis; None for weak pairs without a language model.
        feedback: File of rows that are trained on instead, or None.

    Returns:
        The parts.

    Raises:
        EmbedrankError: If rows are malformed or too few, or the index cannot be read.
    """
    from embedrank.search.opening import asked_with
    from embedrank.training.data.holding_out import HoldOutConfig, hold_out

    record = folder / "data" / _RECORD
    if record.is_file():
        return _read(record)
    if feedback is None:
        output = folder / "synth"
        num_rows = _synthesise(index, output, wiring, synth)
        rows = _made_rows(output)
    else:
        num_rows = sum(1 for _ in _given_rows(feedback))
        rows = _given_rows(feedback)
    instruction = asked_with(index)
    rows = (replace(each, row=replace(each.row, instruction=instruction)) for each in rows)
    corpus = ((chunk.id, chunk.embedding_text) for chunk in _chunks(index))
    parted = hold_out(rows, num_rows, corpus, folder / "data", HoldOutConfig())
    _write(record, parted)
    return parted


def _given_rows(feedback: Path) -> Iterator[Grouped]:
    """Rows of users; those with the same query stay on one side."""
    from embedrank.training.data.holding_out import Grouped
    from embedrank.training.rows import read_rows

    for row in read_rows(feedback):
        yield Grouped(row=row, group=row.query)


def _synthesise(index: Path, output: Path, wiring: Wiring, synth: Path | None) -> int:
    """Write rows for the chunks of the index; returns how many."""
    from embedrank.cli.synth_bar import SynthBar
    from embedrank.cli.synth_documents import PASSAGES, write_records
    from embedrank.cli.synth_run import Place, SynthRun
    from embedrank.cli.synth_settings import Asked
    from embedrank.core.settings import read_yaml

    settings = dict(_WEAK) if synth is None else read_yaml(synth)
    if "passages" in settings:
        raise ConfigError(
            "synthesis", "passages", settings["passages"], "are the chunks of the index here; leave it out"
        )
    passages = output / PASSAGES
    settings["passages"] = {"corpus": [str(passages)]}
    asked = Asked(settings=settings, file=None, documents=(), is_changed=True)
    with storing(output):
        output.mkdir(parents=True, exist_ok=True)
    with SynthBar() as bar:
        if not passages.is_file():
            write_records(_records(index), passages, partial(bar.doing, "reading chunks"))
        report = SynthRun(asked, output, wiring, bar, restart=False).run(Place()).report
    if report.stopped is not None:
        raise report.stopped
    totals = report.totals
    note(f"{totals.kept:,} rows of {totals.passages:,} chunks; what was dropped, and why: {output}/report.html")
    return totals.kept


def _records(index: Path) -> Iterator[dict[str, str]]:
    """The chunks of the index, as the reader of passages takes them."""
    for chunk in _chunks(index):
        yield {"_id": chunk.id, "text": chunk.text, "title": chunk.title, "source": _SOURCE}


def _made_rows(output: Path) -> Iterator[Grouped]:
    """Rows of a synthesis, each with the chunk it was made from; all chunks of a document stay on one side."""
    from embedrank.training.data.holding_out import Grouped
    from embedrank.training.rows import read_rows

    with (output / "made.jsonl").open(encoding="utf-8") as made:
        for row, line in zip(read_rows(output / "rows.jsonl"), made, strict=True):
            passage = json.loads(line)["passage"].removeprefix(f"{_SOURCE}/")
            yield Grouped(row=row, group=passage.rpartition("#")[0], passage=passage)


def _chunks(index: Path) -> Iterator[Chunk]:
    from embedrank.search.reembedding import chunks_of

    for chunks in chunks_of(index):
        yield from chunks


def _write(record: Path, parted: Parted) -> None:
    told = {**asdict(parted), "train": str(parted.train), "judged": str(parted.judged)}
    try:
        replace_durably(record, json.dumps(told, indent=1))
    except OSError as error:
        raise StorageError(record, f"cannot be written: {error}") from error


def _read(record: Path) -> Parted:
    from embedrank.training.data.holding_out import Parted

    try:
        held: dict[str, Any] = json.loads(record.read_text(encoding="utf-8"))
        return Parted(**{**held, "train": Path(held["train"]), "judged": Path(held["judged"])})
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DatasetError(record, f"cannot be read: {error}; begin again with --restart") from error
