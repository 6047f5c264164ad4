"""How an OpenAI-compatible endpoint is reached and asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from embedrank.core.errors import ConfigError
from embedrank.synthesis.generators.usage import Prices

OPENAI_URL: Final = "https://api.openai.com/v1"
AUTO: Final = "auto"
ANSWER_FORMATS: Final = ("json_schema", "json_object", "plain")
"""How an endpoint can be held to JSON, the strictest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryConfig:
    """How long to try.

    Attributes:
        max_attempts: Times that a request may break (server error, timeout, lost connection) before it is given up.
        base_s: Most seconds to wait after the first trouble; doubled after each, drawn evenly from 0.
        max_s: Most seconds to wait after any.
        patience_s: Seconds that the endpoint may be busy (429) or away before the run stops.
    """

    max_attempts: int = 6
    base_s: float = 1.0
    max_s: float = 60.0
    patience_s: float = 600.0

    def __post_init__(self) -> None:
        if self.max_attempts < 1:
            raise ConfigError("retry", "max_attempts", self.max_attempts, "must be at least 1")
        for name in ("base_s", "max_s", "patience_s"):
            if not getattr(self, name) >= 0:
                raise ConfigError("retry", name, getattr(self, name), "must be at least 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAIConfig:
    """One model behind an endpoint.

    Attributes:
        model: Its name there.
        base_url: Such as `http://localhost:8000/v1`.
        key_env: Environment variable that holds the key; read by the command line only.
        concurrency: Requests in flight at a time.
        timeout_s: Seconds for a whole answer.
        connect_timeout_s: Seconds for a connection.
        answer_format: `json_schema`, `json_object`, `plain`, or `auto`: the strictest that the endpoint does not
            refuse.
        limit_field: Where the most tokens of an answer are said: `max_tokens`, or `max_completion_tokens` for models
            that know only this.
        sends_seed: Whether the seed is sent; some endpoints refuse it.
        extra_body: Anything else to send with each request.
        prices: Money for a million tokens.
        retry: How long to try.
    """

    model: str
    base_url: str = OPENAI_URL
    key_env: str = "OPENAI_API_KEY"
    concurrency: int = 32
    timeout_s: float = 120.0
    connect_timeout_s: float = 10.0
    answer_format: str = AUTO
    limit_field: str = "max_tokens"
    sends_seed: bool = True
    extra_body: Mapping[str, Any] = field(default_factory=dict)
    prices: Prices = field(default_factory=Prices)
    retry: RetryConfig = field(default_factory=RetryConfig)

    def __post_init__(self) -> None:
        if not isinstance(self.model, str) or not self.model:
            raise ConfigError("generator", "model", self.model, "must be the model's name at the endpoint")
        if not isinstance(self.concurrency, int) or self.concurrency < 1:
            raise ConfigError("generator", "concurrency", self.concurrency, "must be at least 1")
        for name in ("timeout_s", "connect_timeout_s"):
            if not getattr(self, name) > 0:
                raise ConfigError("generator", name, getattr(self, name), "must be above 0")
        for name, known in (
            ("answer_format", (AUTO, *ANSWER_FORMATS)),
            ("limit_field", ("max_tokens", "max_completion_tokens")),
        ):
            if getattr(self, name) not in known:
                raise ConfigError("generator", name, getattr(self, name), f"must be one of {', '.join(known)}")
