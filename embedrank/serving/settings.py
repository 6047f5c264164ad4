"""Everything that can be set about a server, in one schema: a YAML file, flags and the environment all come to this."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias, get_args

from embedrank.core.errors import ConfigError
from embedrank.engine.config import EngineConfig
from embedrank.serving.searching.settings import SearchingSettings

Truncate: TypeAlias = Literal["error", "left", "right"]
Kind: TypeAlias = Literal["embedder", "reranker"]
TRUNCATE: Final[tuple[str, ...]] = get_args(Truncate)
TOKEN_IDS: Final = ("auto", "model", "cl100k_base", "refuse")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSettings:
    """One model that is served; the key it stands under is the name that clients say.

    Attributes:
        source: Preset, folder or hub id; empty where the name is one of these.
        aliases: Other names that clients may say.
        dtype: Numbers to compute in; None for what is fast.
        device: Where to compute; None for the fastest.
        native: When kernels for CPU are used: `auto`, `wait` or `off`.
        max_length: Most tokens read of a text or prompt; None for the model's own limit.
        parse_special_tokens: Whether special tokens spelled in texts are obeyed, as the official code does, and not
            read as plain text.
        template: Prompt of a reranker: `default` or `report`.
        revision: Branch, tag or commit on the hub.
        preload: Whether it is loaded before the server is ready, and not when it is first asked for.
    """

    source: str = ""
    aliases: tuple[str, ...] = ()
    dtype: str | None = None
    device: str | None = None
    native: str = "auto"
    max_length: int | None = None
    parse_special_tokens: bool = False
    template: str = "default"
    revision: str | None = None
    preload: bool = True

    def __post_init__(self) -> None:
        if isinstance(self.aliases, str):
            raise ConfigError("model", "aliases", self.aliases, "must be a list of names")


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitSettings:
    """What one request, and one connection, may take.

    Attributes:
        max_body_bytes: Largest body of a request.
        max_upload_bytes: Largest body of a file upload (multipart/form-data).
        max_items: Most texts or documents of a request.
        body_timeout_s: Time for a body to come in.
        head_timeout_s: Time for the head of a request to come in.
        timeout_s: Time for an answer to begin.
        max_connections: Connections at a time; one more gets 503.
    """

    max_body_bytes: int = 32 << 20
    max_upload_bytes: int = 256 << 20
    max_items: int = 10_000
    body_timeout_s: float = 30.0
    head_timeout_s: float = 10.0
    timeout_s: float = 120.0
    max_connections: int = 2048

    def __post_init__(self) -> None:
        for name in ("max_body_bytes", "max_upload_bytes", "max_items", "max_connections"):
            if getattr(self, name) < 1:
                raise ConfigError("limits", name, getattr(self, name), "must be at least 1")
        for name in ("body_timeout_s", "head_timeout_s", "timeout_s"):
            if not 0 < getattr(self, name) < math.inf:
                raise ConfigError("limits", name, getattr(self, name), "must be above 0 and finite")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySettings:
    """One API key; what it stands under is its name in logs.

    Attributes:
        key: The secret.
        requests_per_minute: Requests it may make; None for any number.
        tokens_per_minute: Tokens it may have computed; None for any number.
    """

    key: str
    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None

    def __post_init__(self) -> None:
        if len(self.key) < 8:
            raise ConfigError("key", "key", "...", "must have at least 8 characters")
        for name in ("requests_per_minute", "tokens_per_minute"):
            value = getattr(self, name)
            if value is not None and not 0 < value < math.inf:
                raise ConfigError("key", name, value, "must be above 0, or null")


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessSettings:
    """Who may ask.

    Attributes:
        keys: API keys by name; where there are none, everybody may ask.
        public_metrics: Whether `/metrics` needs no key.
        cors_origins: Web pages of other origins whose scripts may ask; none by default.
        allowed_hosts: Names by which the server may be called; empty, or `*` among them, for any.
    """

    keys: Mapping[str, KeySettings] = field(default_factory=dict)
    public_metrics: bool = False
    cors_origins: tuple[str, ...] = ()
    allowed_hosts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSettings:
    """What is written down.

    Attributes:
        level: Least level of a line. Whatever it is, no text of a user is written down.
    """

    level: str = "info"

    def __post_init__(self) -> None:
        levels = ("debug", "info", "warning", "error")
        if self.level not in levels:
            raise ConfigError("log", "level", self.level, f"must be one of {', '.join(levels)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceSettings:
    """Where spans of OpenTelemetry go.

    Attributes:
        endpoint: URL that takes OTLP over HTTP, such as `http://collector:4318/v1/traces`; None for no tracing.
        share: Share of the requests that is traced, 0 to 1, where the caller has not decided.
        name: What the server is called in traces.
    """

    endpoint: str | None = None
    share: float = 1.0
    name: str = "embedrank"

    def __post_init__(self) -> None:
        if not 0 <= self.share <= 1:
            raise ConfigError("trace", "share", self.share, "must be in 0..1")
        if self.endpoint is not None and not self.endpoint.startswith(("http://", "https://")):
            raise ConfigError("trace", "endpoint", self.endpoint, "must be an http:// or https:// URL")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeSettings:
    """A server.

    Attributes:
        host: Address to listen on.
        port: Port; 0 for any that is free.
        embedders: Embedders by name; the first is meant where a client names none.
        rerankers: Rerankers by name, likewise.
        any_model: Whether an unknown name means the first model, for clients that insist on names of their own.
        memory_bytes: Most memory for the weights of loaded models; None for no bound.
        cache: URL of the embedding cache.
        index: Folder or URI of the index that is searched; None for none.
        token_ids: Whose vocabulary token ids are taken to be of: `auto`, `model`, `cl100k_base`, or `refuse`.
        drain_timeout_s: Time for requests in flight when the server ends.
        limits: What a request may take.
        access: Who may ask.
        engine: Queue and batches.
        log: What is written down.
        trace: Where spans go.
        searching: What searches, uploads and feedback may take.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    embedders: Mapping[str, ModelSettings] = field(default_factory=dict)
    rerankers: Mapping[str, ModelSettings] = field(default_factory=dict)
    any_model: bool = False
    memory_bytes: int | None = None
    cache: str = "memory://"
    index: str | None = None
    token_ids: str = "auto"
    drain_timeout_s: float = 30.0
    limits: LimitSettings = field(default_factory=LimitSettings)
    access: AccessSettings = field(default_factory=AccessSettings)
    engine: EngineConfig = field(default_factory=EngineConfig)
    log: LogSettings = field(default_factory=LogSettings)
    trace: TraceSettings = field(default_factory=TraceSettings)
    searching: SearchingSettings = field(default_factory=SearchingSettings)

    def __post_init__(self) -> None:
        if not 0 <= self.port <= 65535:
            raise ConfigError("serve", "port", self.port, "must be in 0..65535")
        if self.token_ids not in TOKEN_IDS:
            raise ConfigError("serve", "token_ids", self.token_ids, f"must be one of {', '.join(TOKEN_IDS)}")
        if not self.embedders and not self.rerankers:
            raise ConfigError("serve", "embedders", {}, "must name a model, or rerankers must")
        for kind, models in (("embedders", self.embedders), ("rerankers", self.rerankers)):
            names = [name for key, model in models.items() for name in (key, *model.aliases)]
            doubled = sorted({name for name in names if names.count(name) > 1})
            if doubled:
                raise ConfigError("serve", kind, doubled[0], "is the name of two models")
