"""How documents are cut."""

from __future__ import annotations

from dataclasses import dataclass

from embedrank.core.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkConfig:
    """Sizes of chunks, in characters; wide characters (Chinese, Japanese, Korean) count double.

    Attributes:
        max_chars: No chunk is larger, unless one word is.
        min_chars: Neighbouring sections below this size share a chunk.
        overlap_chars: So much of the end of a piece is repeated at the beginning of the next one of the same section.
    """

    max_chars: int = 1200
    min_chars: int = 300
    overlap_chars: int = 0

    def __post_init__(self) -> None:
        if self.max_chars < 16:
            raise ConfigError("chunking", "max_chars", self.max_chars, "must be at least 16")
        if not 0 <= self.min_chars <= self.max_chars:
            raise ConfigError("chunking", "min_chars", self.min_chars, "must lie between 0 and max_chars")
        if not 0 <= self.overlap_chars <= self.max_chars // 2:
            raise ConfigError(
                "chunking", "overlap_chars", self.overlap_chars, "must lie between 0 and half of max_chars"
            )
