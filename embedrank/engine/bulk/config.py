"""What decides the vectors of a bulk run and how it is cut; where it runs is no part of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from embedrank.core.errors import ConfigError

STORE_DTYPES: Final = ("float32", "float16")


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkConfig:
    """Settings of a run. An unfinished run goes on only with equal ones.

    Attributes:
        query: Whether the texts are queries.
        instruction: The task of the queries; None for the model's own.
        dim: Leading dimensions to keep; None for all.
        store_dtype: Number type on disk: `float32` or `float16`.
        chunk_texts: Most texts of a chunk, which one worker computes at a time.
        chunk_characters: Most characters of a chunk; a longer text is a chunk of its own.
        commit_every_s: Seconds between commits at least; a kill loses chunks of the last ones. May change in a run.
    """

    query: bool = False
    instruction: str | None = None
    dim: int | None = None
    store_dtype: str = "float32"
    chunk_texts: int = 1024
    chunk_characters: int = 1 << 20
    commit_every_s: float = 1.0

    def __post_init__(self) -> None:
        if self.instruction is not None and not self.query:
            raise ConfigError("BulkConfig", "instruction", self.instruction, "documents take no instruction")
        if self.store_dtype not in STORE_DTYPES:
            raise ConfigError("BulkConfig", "store_dtype", self.store_dtype, f"has to be {' or '.join(STORE_DTYPES)}")
        for field in ("chunk_texts", "chunk_characters"):
            if getattr(self, field) < 1:
                raise ConfigError("BulkConfig", field, getattr(self, field), "has to be 1 or more")
        if self.commit_every_s < 0:
            raise ConfigError("BulkConfig", "commit_every_s", self.commit_every_s, "has to be 0 or more")
