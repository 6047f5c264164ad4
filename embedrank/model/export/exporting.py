"""The whole of an export: open, ask the source, write beside the target, run what was written, compare, rename."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from embedrank.core.errors import EmbedrankError, ExportRunError, InvalidInputError
from embedrank.core.types import FloatArray
from embedrank.model.export.check import Check, compare, tolerance_of
from embedrank.model.export.config import ExportConfig
from embedrank.model.export.format import ExportFormat, Readings
from embedrank.model.export.probe import Probe
from embedrank.model.export.record import record_of, write_card, write_record
from embedrank.model.export.source import DTYPES, Source
from embedrank.model.provenance import EMBEDDER
from embedrank.model.target import require_new, require_parent, require_room, written_whole

_BYTES = {"fp32": 4.0, "bf16": 2.0, "fp16": 2.0, "int8": 1.1}  # a number; int8 with its scales
_SCRATCH_BYTES = {("onnx", "int8"): 4.0}  # a number, in a file that is there only while the other is written


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
    name: str, target: Path, config: ExportConfig, *, on_step: Callable[[str], None] = lambda step: None
) -> Report:
    """Write a model in another format and check it.

    Args:
        name: Preset, folder or hub id.
        target: A folder or file that is not there yet.
        config: What to write and how to check it.
        on_step: Called with what is done next.

    Returns:
        The report.

    Raises:
        InvalidInputError: If the model is of another kind than the format holds.
        StorageError: If the target exists or cannot be written.
        MissingPackageError: If the format needs a library that is not installed.
        ExportRunError: If the exported model does not run; nothing is kept.
        ExportCheckError: If it answers otherwise than the source; nothing is kept.
    """
    _require_free(target, config.writer.suffix)
    config.writer.require(config.dtype)
    source = Source.open(name, kind=config.kind, kinds=config.writer.kinds)
    dtype = config.dtype or _default_dtype(source, config)
    bytes_per_number = _BYTES[dtype] + _SCRATCH_BYTES.get((config.format, dtype), 0)
    require_room(target, int(source.config.num_parameters() * bytes_per_number))
    probe = Probe.fitting(source.tokenizer, source.max_length)
    on_step("asking the source")
    expected = _answers(source, probe, config.check_dtype)
    with written_whole(target, "model") as partial:
        check = _write_and_check(source, partial, config, dtype, probe, expected, on_step)
    return Report(
        model=name,
        kind=source.kind,
        format=config.format,
        dtype=dtype,
        target=target,
        num_bytes=_size(target),
        check=check,
    )


def _write_and_check(
    source: Source,
    target: Path,
    config: ExportConfig,
    dtype: str,
    probe: Probe,
    expected: FloatArray,
    on_step: Callable[[str], None],
) -> Check:
    writer = config.writer
    on_step(f"writing {config.format}")
    facts = writer.write(source, target, dtype)
    record = record_of(source, export_format=config.format, dtype=dtype, facts=facts)
    if not writer.suffix:
        write_record(target, record)
    on_step("running what was written")
    readings = _read_back(writer, target, source.kind, probe, config.check_dtype)
    check = compare(
        expected,
        readings,
        kind=source.kind,
        export_format=config.format,
        dtype=dtype,
        tolerance=tolerance_of(source.kind, dtype, config.tolerance),
    )
    if not writer.suffix:
        write_record(target, {**record, "check": asdict(check)})
        write_card(target, source, export_format=config.format, dtype=dtype, checked=check.sentence)
    return check


def _default_dtype(source: Source, config: ExportConfig) -> str:
    stored = source.stored_dtype
    return stored if stored in config.writer.dtypes else config.writer.dtypes[0]


def _answers(source: Source, probe: Probe, dtype: str) -> FloatArray:
    """What the source says; its weights in memory are let go on return."""
    if source.kind == EMBEDDER:
        return probe.vectors(source.embedder(DTYPES[dtype]))
    return probe.probabilities(source.reranker(DTYPES[dtype]))


def _read_back(chosen: ExportFormat, target: Path, kind: str, probe: Probe, dtype: str) -> Readings:
    try:
        return chosen.read_back(target, kind, probe, dtype=dtype)
    except (EmbedrankError, OSError, MemoryError):
        raise
    except Exception as error:  # every runtime has errors of its own
        raise ExportRunError(chosen.name, problem=(str(error).splitlines() or [type(error).__name__])[0]) from error


def _require_free(target: Path, suffix: str) -> None:
    require_new(target)
    if suffix and target.suffix != suffix:
        raise InvalidInputError("to", f"{target.name!r} is to be one file", hint=f"give a name that ends in {suffix}")
    require_parent(target)


def _size(target: Path) -> int:
    files = [target] if target.is_file() else [path for path in target.rglob("*") if path.is_file()]
    return sum(path.stat().st_size for path in files)
