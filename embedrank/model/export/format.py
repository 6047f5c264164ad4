"""What a format has to offer: to write a model, and to run what was written in the format's own runtime."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from embedrank.core.types import FloatArray
from embedrank.model.export.probe import Probe
from embedrank.model.export.source import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Readings:
    """What an exported model answered to the probe.

    Attributes:
        runtime: What it was run in, with its version.
        ways: How the texts were laid out for it (padded left, padded right, alone) to the answers: unit vectors as
            `Probe.vectors` orders them, or probabilities as `Probe.probabilities` does.
        notes: What a reader of the report should know.
    """

    runtime: str
    ways: Mapping[str, FloatArray]
    notes: tuple[str, ...] = field(default=())


class ExportFormat(Protocol):
    """One format."""

    @property
    def name(self) -> str:
        """Key in `FORMATS`."""
        ...

    @property
    def kinds(self) -> tuple[str, ...]:
        """Kinds of model it holds."""
        ...

    @property
    def dtypes(self) -> tuple[str, ...]:
        """Number types it can be written in, the default first."""
        ...

    @property
    def suffix(self) -> str:
        """How the name of a single file ends; empty where the target is a folder."""
        ...

    def require(self, dtype: str | None) -> None:
        """Refuse early where a library is missing that writing this type cannot do without."""
        ...

    def write(self, source: Source, target: Path, dtype: str) -> Mapping[str, Any]:
        """Write the model to a target that is not there yet.

        Args:
            source: The model.
            target: A folder, or a file where the format is one.
            dtype: One of `dtypes`.

        Returns:
            Facts for the record, such as the opset.
        """
        ...

    def read_back(self, target: Path, kind: str, probe: Probe, *, dtype: str) -> Readings:
        """Run what was written, from nothing but what was written.

        Args:
            target: What `write` wrote.
            kind: Kind of the model.
            probe: The texts.
            dtype: Type to compute in where the runtime lets one choose, so that the file is checked and not the
                rounding of a processor; `fp32`, or `bf16` where that does not fit into memory.

        Returns:
            Its answers.
        """
        ...
