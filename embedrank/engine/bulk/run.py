"""A bulk run from its input to its output, resumed where an earlier one was killed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias, cast

import numpy as np

from embedrank.core.errors import InvalidInputError, ResumeError, StorageError
from embedrank.engine.bulk.chunks import SeenInChunk, chunks_of
from embedrank.engine.bulk.finishing import finish, require_writable
from embedrank.engine.bulk.formats.jsonl import json_lines
from embedrank.engine.bulk.formats.layout import RowBatch
from embedrank.engine.bulk.journal import Journal, Progress, require_same
from embedrank.engine.bulk.staging import Staging, journal_of, staging_folder

if TYPE_CHECKING:
    from embedrank.engine.bulk.config import BulkConfig
    from embedrank.engine.bulk.input_text import InputText
    from embedrank.engine.bulk.pool import Pool
    from embedrank.engine.bulk.source import TextSource

_ROWS_TRIED_FIRST: Final = 64  # read before the model is loaded, so that bad input is told at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a run says of itself while it goes.

    Attributes:
        is_writing: Whether vectors are all computed and the output is being written.
        num_rows: Rows done.
        total: Rows in all; None where unknown.
        is_exact: Whether that is counted; for lines it is estimated by bytes.
        num_tokens: Tokens that the model read.
    """

    is_writing: bool = False
    num_rows: int
    total: int | None
    is_exact: bool = True
    num_tokens: int


Tell: TypeAlias = Callable[[Told], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkReport:
    """What came of a run.

    Attributes:
        progress: Rows, distinct texts, tokens, truncations, blank lines.
        width: Numbers per vector.
        num_resumed: Rows taken over from earlier runs.
    """

    progress: Progress
    width: int
    num_resumed: int = 0


def encode_to_file(
    source: TextSource, out: Path, pool: Pool, config: BulkConfig, *, tell: Tell, restart: bool = False
) -> BulkReport:
    """Compute the vectors of a whole input and write them to a file, going on where an earlier run was killed.

    Args:
        source: The input.
        out: The output; its suffix names the format.
        pool: Where vectors are computed; closed at the end.
        config: Side, instruction, dim, number type, size of chunks.
        tell: Told when the model is loaded, after each chunk, and while the output is written.
        restart: Whether to throw away what an earlier run left.

    Returns:
        What came of it.

    Raises:
        InvalidInputError: If the input cannot be read or the output cannot be written there.
        ResumeError: If an earlier run was begun with something else.
        StorageError: If the disk is full, or another run is writing the same output.
        WorkerError: If a worker process failed.
    """
    require_writable(out)
    plan: dict[str, object] = {**_plan(config), **source.settings(), "inputs": source.stamps()}
    begun = None if restart else _begun(source, out, plan)
    num_resumed = begun.progress.num_rows if begun is not None else 0
    rows = _unread(source, begun)
    try:
        if rows is None:
            assert begun is not None
            plan = dict(begun.plan)
        else:
            facts = pool.start()
            plan.update(model_fingerprint=facts.fingerprint, precision=facts.precision, width=config.dim or facts.dim)
        with _staging(out, plan, config, restart=restart, is_kept=source.can_be_read_again) as staging:
            if staging.progress.num_rows != num_resumed:
                raise StorageError(staging.folder, "another run went on with it")
            tell(_told(staging.progress, source))
            if rows is not None:
                chunks = chunks_of(rows, staging.seen, config, first_row=num_resumed)
                for chunk, computed in pool.results(chunks):
                    staging.append(chunk, computed)
                    tell(_told(staging.progress, source))
                if source.can_be_read_again:
                    _require_unchanged(source, plan)
            if not staging.progress.is_complete:
                staging.complete(source.num_blank)
            done = staging.progress
            finish(staging, out, lambda rows: tell(_told(replace(done, num_rows=rows), source, of=done)))
        return BulkReport(progress=done, width=staging.layout.width, num_resumed=num_resumed)
    finally:
        pool.close()


def encode_to_lines(
    source: TextSource, write: Callable[[Iterable[str]], None], pool: Pool, config: BulkConfig, *, tell: Tell
) -> BulkReport:
    """Compute the vectors of a whole input and hand them on as JSON lines, chunk by chunk; nothing is kept.

    Args:
        source: The input.
        write: Takes the lines of a chunk.
        pool: Where vectors are computed; closed at the end.
        config: Side, instruction, dim, number type, size of chunks; texts are computed once in each chunk.
        tell: Told after each chunk.

    Returns:
        What came of it.

    Raises:
        InvalidInputError: If the input cannot be read.
        WorkerError: If a worker process failed.
    """
    rows = _unread(source, None)
    assert rows is not None
    progress = Progress()
    width = 0
    try:
        pool.start()
        tell(_told(progress, source))
        for chunk, computed in pool.results(chunks_of(rows, SeenInChunk(), config, first_row=0)):
            places = np.asarray(chunk.places)
            vectors, lengths = computed.vectors[places], computed.lengths[places]
            write(json_lines(RowBatch(ids=chunk.ids, vectors=vectors.astype(config.store_dtype), lengths=lengths)))
            progress, width = progress.plus(chunk.ids, lengths, computed.lengths), vectors.shape[1]
            tell(_told(progress, source))
    finally:
        pool.close()
    return BulkReport(progress=replace(progress, num_blank=source.num_blank), width=width)


def _plan(config: BulkConfig) -> dict[str, object]:
    return {
        "side": "query" if config.query else "document",
        "instruction": config.instruction,
        "dim": config.dim,
        "store_dtype": config.store_dtype,
        "chunk_texts": config.chunk_texts,
        "chunk_characters": config.chunk_characters,
    }


def _begun(source: TextSource, out: Path, plan: dict[str, object]) -> Journal | None:
    """What an earlier run left, if this one may go on with it."""
    begun = journal_of(out)
    if begun is not None:
        require_same(staging_folder(out), begun.plan, plan)
        if not source.can_be_read_again:
            raise ResumeError(staging_folder(out), ["stdin and pipes cannot be read again from where it stopped"])
    return begun


def _unread(source: TextSource, begun: Journal | None) -> Iterator[InputText] | None:
    """The rows that are still to be read; None where an earlier run read them all."""
    if begun is not None and begun.progress.is_complete:
        return None
    rows = source.rows(skip=0 if begun is None else begun.progress.num_rows)
    first = list(islice(rows, _ROWS_TRIED_FIRST))
    if not first and begun is None:
        raise InvalidInputError("input", "holds no text")
    return chain(first, rows) if first else None


def _require_unchanged(source: TextSource, plan: dict[str, object]) -> None:
    before = cast("list[list[object]]", plan["inputs"])
    changed = [str(old[0]) for old, new in zip(before, source.stamps(), strict=True) if old != new]
    if changed:
        raise InvalidInputError(", ".join(changed), "changed while it was read", hint="begin anew with --restart")


@contextmanager
def _staging(
    out: Path, plan: dict[str, object], config: BulkConfig, *, restart: bool, is_kept: bool
) -> Iterator[Staging]:
    """The staging folder, which outlives trouble where a later run can go on with it."""
    width = plan["width"]
    assert isinstance(width, int)
    staging = Staging(out, plan, width=width, config=config, restart=restart)
    try:
        yield staging
    except BaseException:
        if is_kept and staging.progress.num_rows:
            with suppress(StorageError):  # what led here is told; what was committed before is safe
                staging.commit()
            staging.close()
        else:
            staging.discard()
        raise


def _told(progress: Progress, source: TextSource, *, of: Progress | None = None) -> Told:
    return Told(
        is_writing=of is not None,
        num_rows=progress.num_rows,
        total=source.total() if of is None else of.num_rows,
        is_exact=source.counts_rows or of is not None,
        num_tokens=progress.num_tokens,
    )
