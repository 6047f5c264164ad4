"""What generating took: requests, tokens, money."""

from __future__ import annotations

from dataclasses import dataclass, fields

from embedrank.core.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Sums over some requests.

    Attributes:
        requests: Requests sent, those sent again included.
        cached: Requests answered from the cache, which cost nothing.
        prompt_tokens: Tokens read.
        completion_tokens: Tokens written.
        cost: Money, in the currency of the prices.
    """

    requests: int = 0
    cached: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: float = 0.0

    @property
    def tokens(self) -> int:
        """Tokens read and written."""
        return self.prompt_tokens + self.completion_tokens

    def plus(self, other: Usage) -> Usage:
        """Both together."""
        return Usage(**{each.name: getattr(self, each.name) + getattr(other, each.name) for each in fields(Usage)})

    def minus(self, other: Usage) -> Usage:
        """This without the other."""
        return Usage(**{each.name: getattr(self, each.name) - getattr(other, each.name) for each in fields(Usage)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """Money for a million tokens.

    Attributes:
        prompt: Of those read, at least 0.
        completion: Of those written, at least 0.
    """

    prompt: float = 0.0
    completion: float = 0.0

    def __post_init__(self) -> None:
        for each in fields(self):
            if not getattr(self, each.name) >= 0:
                raise ConfigError("prices", each.name, getattr(self, each.name), "must be at least 0")

    @property
    def are_set(self) -> bool:
        """Whether tokens cost anything."""
        return self.prompt > 0 or self.completion > 0

    def usage(self, prompt_tokens: int, completion_tokens: int) -> Usage:
        """One request of these tokens, with its cost."""
        cost = (prompt_tokens * self.prompt + completion_tokens * self.completion) / 1e6
        return Usage(requests=1, prompt_tokens=prompt_tokens, completion_tokens=completion_tokens, cost=cost)
