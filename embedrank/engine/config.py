"""How much an engine takes on at once, and how it forms batches."""

from __future__ import annotations

import math
from dataclasses import dataclass

from embedrank.core.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineConfig:
    """Bounds of an engine.

    Attributes:
        max_requests: Requests in flight; one more is refused at once.
        max_texts: Texts in flight, over all requests.
        max_characters: Characters in flight, over all requests; bounds memory.
        max_batch_tokens: Tokens computed in one pass; a longer text gets a pass of its own.
        max_wait_ms: How long a batch that is not full waits for company; 0 starts whatever is there.
        timeout_s: Time a request gets when its caller names none; None for as long as it takes.
    """

    max_requests: int = 1024
    max_texts: int = 65_536
    max_characters: int = 1 << 26
    max_batch_tokens: int = 4096
    max_wait_ms: float = 0.0
    timeout_s: float | None = None

    def __post_init__(self) -> None:
        for field in ("max_requests", "max_texts", "max_characters", "max_batch_tokens"):
            value = getattr(self, field)
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise ConfigError("engine", field, value, "must be a whole number of at least 1")
        if not 0 <= self.max_wait_ms < math.inf:
            raise ConfigError("engine", "max_wait_ms", self.max_wait_ms, "must be 0 or more")
        if self.timeout_s is not None and not self.timeout_s > 0:
            raise ConfigError("engine", "timeout_s", self.timeout_s, "must be above 0, or None")
