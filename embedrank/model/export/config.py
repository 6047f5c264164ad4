"""What is asked of an export."""

from __future__ import annotations

from dataclasses import dataclass

from embedrank.core.errors import ConfigError
from embedrank.model.export.format import ExportFormat
from embedrank.model.export.formats import FORMATS
from embedrank.model.provenance import EMBEDDER, RERANKER

CHECK_DTYPES = ("fp32", "bf16")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportConfig:
    """What to write and how to check it.

    Attributes:
        format: Key of `FORMATS`.
        dtype: Number type; None takes the stored one where the format has it, else the format's own default.
        kind: `embedder` or `reranker`; None finds out, and takes of a preset what the format holds first.
        tolerance: Smallest cosine, or for rerankers largest difference of probabilities, 0..1; None takes the table's.
        check_dtype: Type in which source and export are run: `fp32`, or `bf16` where that does not fit into memory.
    """

    format: str
    dtype: str | None = None
    kind: str | None = None
    tolerance: float | None = None
    check_dtype: str = "fp32"

    def __post_init__(self) -> None:
        self._require("format", self.format, tuple(FORMATS))
        if self.kind is not None:
            self._require("kind", self.kind, (EMBEDDER, RERANKER))
            if self.kind not in self.writer.kinds:
                fitting = ", ".join(name for name, each in FORMATS.items() if self.kind in each.kinds)
                raise ConfigError("ExportConfig", "format", self.format, f"holds no {self.kind}; choose {fitting}")
        if self.dtype is not None:
            self._require("dtype", self.dtype, self.writer.dtypes)
        self._require("check_dtype", self.check_dtype, CHECK_DTYPES)
        if self.tolerance is not None and not 0 <= self.tolerance <= 1:
            raise ConfigError("ExportConfig", "tolerance", self.tolerance, "must be in 0..1")

    @property
    def writer(self) -> ExportFormat:
        """The format itself."""
        return FORMATS[self.format]

    @staticmethod
    def _require(field: str, value: str, allowed: tuple[str, ...]) -> None:
        if value not in allowed:
            raise ConfigError("ExportConfig", field, value, f"must be one of {', '.join(allowed)}")
