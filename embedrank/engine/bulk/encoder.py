"""The model as bulk encoding sees it: loaded by name in whatever process needs it, asked for one chunk at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from embedrank.core.types import Encoded, FloatArray
    from embedrank.engine.bulk.config import BulkConfig


class TellingEncoder(Protocol):
    """An encoder that has a name and counts what it read; what `Embedder` is."""

    @property
    def name(self) -> str:
        """How it was asked for."""
        ...

    @property
    def fingerprint(self) -> str:
        """Hash of the model that decides the vectors."""
        ...

    @property
    def precision(self) -> str:
        """Numbers that it computes in, which decide them too."""
        ...

    @property
    def dim(self) -> int:
        """Largest number of dimensions."""
        ...

    def encode_queries_reported(
        self, texts: Sequence[str], *, instruction: str | None = None, dim: int | None = None
    ) -> Encoded:
        """Vectors, tokens and truncations of queries."""
        ...

    def encode_documents_reported(self, texts: Sequence[str], *, dim: int | None = None) -> Encoded:
        """Vectors, tokens and truncations of documents."""
        ...


Load: TypeAlias = Callable[[], TellingEncoder]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFacts:
    """What a run has to know of its model: name, fingerprint, precision, and numbers per vector at most."""

    name: str
    fingerprint: str
    precision: str
    dim: int

    @classmethod
    def of(cls, encoder: TellingEncoder) -> ModelFacts:
        """The facts of a loaded encoder."""
        return cls(name=encoder.name, fingerprint=encoder.fingerprint, precision=encoder.precision, dim=encoder.dim)


@dataclass(frozen=True, slots=True, kw_only=True)
class Computed:
    """Vectors of some texts.

    Attributes:
        vectors: Float32 `[n, dim]`, unit rows.
        lengths: Int32 `[n, 2]`: tokens read, tokens of the whole text.
    """

    vectors: FloatArray
    lengths: npt.NDArray[np.int32]


def load_encoder(
    model: str,
    *,
    dtype: str | None = None,
    device: str | None = None,
    threads: int | None = None,
    native: str = "auto",
) -> TellingEncoder:
    """Load a model in this process.

    Args:
        model: Preset, folder or hub id.
        dtype: Numbers to compute in, as `Embedder.load` takes it.
        device: Such as `cpu` or `cuda:1`; None takes the fastest present.
        threads: CPU threads of one product; None leaves it to torch.
        native: When the kernels for CPU are used, as `Embedder.load` takes it.

    Returns:
        The model.
    """
    import torch

    from embedrank.model.embedder import Embedder

    if threads is not None:
        torch.set_num_threads(threads)
    return Embedder.load(model, dtype=dtype, device=device, native=native)


def compute(encoder: TellingEncoder, texts: Sequence[str], config: BulkConfig) -> Computed:
    """Vectors and lengths of some texts.

    Args:
        encoder: The model.
        texts: The texts, which may be none.
        config: Side, instruction and dim.

    Returns:
        One row for each text.
    """
    if config.query:
        encoded = encoder.encode_queries_reported(texts, instruction=config.instruction, dim=config.dim)
    else:
        encoded = encoder.encode_documents_reported(texts, dim=config.dim)
    read = np.asarray(encoded.num_tokens, dtype=np.int32)
    lengths = np.stack([read, read], axis=1) if len(read) else np.empty((0, 2), dtype=np.int32)
    for cut in encoded.truncations:
        lengths[cut.index, 1] = cut.num_tokens
    return Computed(vectors=encoded.vectors, lengths=lengths)
