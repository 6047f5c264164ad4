"""The whole of an export: open, ask the source, write beside the target, run what was written, compare, rename."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch

from embedrank.core.errors import InvalidInputError, StorageError
from embedrank.core.types import FloatArray
from embedrank.model.export.check import Check, compare, tolerance_of
from embedrank.model.export.format import ExportFormat
from embedrank.model.export.formats import find_format
from embedrank.model.export.probe import Probe
from embedrank.model.export.record import record_of, write_card, write_record
from embedrank.model.export.source import DTYPES, EMBEDDER, Source

CHECK_DTYPES = ("fp32", "bf16")
_BYTES = {"fp32": 4.0, "bf16": 2.0, "fp16": 2.0, "int8": 1.1}  # a number; int8 with its scales


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was exported and how it was checked."""

    model: str
    kind: str
    format: str
    dtype: str
    target: Path
    num_bytes: int
    check: Check

    def to_mapping(self) -> dict[str, Any]:
        """The report as JSON takes it."""
        return {**asdict(self), "target": str(self.target)}


def export_model(
    name: str,
    target: Path,
    *,
    export_format: str,
    dtype: str | None = None,
    kind: str | None = None,
    tolerance: float | None = None,
    check_dtype: str = "fp32",
    on_step: Callable[[str], None] = lambda step: None,
) -> Report:
    """Write a model in another format and check it.

    Args:
        name: Preset, folder or hub id.
        target: A folder or file that is not there yet.
        export_format: Key of `FORMATS`.
        dtype: Number type; None takes the stored one where the format has it, else the format's own default.
        kind: `embedder` or `reranker`; None finds out.
        tolerance: Smallest cosine, or for rerankers largest difference of probabilities; None takes the table's.
        check_dtype: Type in which source and export are run: `fp32`, or `bf16` where that does not fit into memory.
        on_step: Called with what is done next.

    Returns:
        The report.

    Raises:
        InvalidInputError: If format, dtype or kind do not exist or do not fit each other.
        StorageError: If the target exists or cannot be written.
        MissingPackageError: If the format needs a library that is not installed.
        ExportCheckError: If the exported model answers otherwise than the source; nothing is kept.
    """
    chosen = find_format(export_format)
    if check_dtype not in CHECK_DTYPES:
        raise InvalidInputError("check dtype", f"{check_dtype!r} is not one of {', '.join(CHECK_DTYPES)}")
    _require_fitting(chosen, kind, dtype)
    _require_free(target, chosen.suffix)
    chosen.require()
    source = Source.open(name, kind=kind, kinds=chosen.kinds)
    _require_fitting(chosen, source.kind, dtype)
    written = dtype or (source.stored_dtype if source.stored_dtype in chosen.dtypes else chosen.dtypes[0])
    assert written is not None
    limit = tolerance_of(source.kind, written, tolerance)
    _require_room(target, source, written)
    probe = Probe.fitting(source.tokenizer, source.max_length)
    on_step("asking the source")
    expected = _answers(source, probe, check_dtype)
    with _beside(target) as partial:
        on_step(f"writing {export_format}")
        facts = chosen.write(source, partial, written)
        record = record_of(source, export_format=export_format, dtype=written, facts=facts)
        if not chosen.suffix:
            write_record(partial, record)
        on_step("running what was written")
        readings = chosen.read_back(partial, source.kind, probe, dtype=check_dtype)
        check = compare(
            expected, readings, kind=source.kind, export_format=export_format, dtype=written, tolerance=limit
        )
        if not chosen.suffix:
            write_record(partial, {**record, "check": asdict(check)})
            write_card(partial, source, export_format=export_format, dtype=written, checked=check.sentence)
    return Report(
        model=name,
        kind=source.kind,
        format=export_format,
        dtype=written,
        target=target,
        num_bytes=_size(target),
        check=check,
    )


def _answers(source: Source, probe: Probe, dtype: str) -> FloatArray:
    """What the source says; its weights in memory are let go on return."""
    if source.kind == EMBEDDER:
        return probe.vectors(source.embedder(DTYPES[dtype]))
    return probe.probabilities(source.reranker(DTYPES[dtype]))


def _require_fitting(chosen: ExportFormat, kind: str | None, dtype: str | None) -> None:
    if kind is not None and kind not in chosen.kinds:
        raise InvalidInputError(
            "format", f"{chosen.name} holds models of kind {' or '.join(chosen.kinds)}, not {kind}",
            hint="rerankers: sequence-classification, onnx, openvino, gguf; "
            "embedders: sentence-transformers, onnx, openvino, gguf",
        )  # fmt: skip
    if dtype is not None and dtype not in chosen.dtypes:
        raise InvalidInputError("dtype", f"{chosen.name} has no {dtype!r}", hint=f"one of {', '.join(chosen.dtypes)}")


def _require_free(target: Path, suffix: str) -> None:
    if target.exists():
        raise StorageError(target, "exists already; choose another target or remove it")
    if suffix and target.suffix != suffix:
        raise InvalidInputError("to", f"{target.name!r} is to be one file", hint=f"give a name that ends in {suffix}")
    if not target.parent.is_dir():
        raise StorageError(target.parent, "no such folder; make it first")


def _require_room(target: Path, source: Source, dtype: str) -> None:
    needed = int(source.config.num_parameters() * _BYTES[dtype])
    free = shutil.disk_usage(target.parent).free
    if needed > free:
        raise StorageError(target, f"needs about {needed / 1e9:.1f} GB, {free / 1e9:.1f} GB are free; make room first")


@contextmanager
def _beside(target: Path) -> Iterator[Path]:
    """A name beside the target that becomes the target if the block ends well, and is removed if it does not."""
    partial = target.with_name(f"{target.stem}.partial{target.suffix}")
    _remove(partial)
    try:
        yield partial
        partial.rename(target)
    except OSError as error:
        _remove(partial)
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        raise StorageError(target, f"not written: {error}" + ("; make room first" if full else "")) from error
    except BaseException:  # also Ctrl-C: half a model must not stay
        _remove(partial)
        raise


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _size(target: Path) -> int:
    files = [target] if target.is_file() else [path for path in target.rglob("*") if path.is_file()]
    return sum(path.stat().st_size for path in files)
