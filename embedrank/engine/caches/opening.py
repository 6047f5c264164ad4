"""From a URL to a cache."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import SplitResult, parse_qsl, unquote, urlencode, urlsplit

from embedrank.core.errors import ConfigError, InvalidInputError
from embedrank.core.protocols import EmbeddingCache
from embedrank.engine.caches.file import FileCache
from embedrank.engine.caches.lru import LruCache
from embedrank.engine.caches.nothing import NoCache
from embedrank.engine.caches.redis import RedisCache, RedisConfig
from embedrank.engine.caches.tiered import TieredCache

_MEMORY_OPTIONS: Final[Mapping[str, type]] = {"max_bytes": int}
_REDIS_OPTIONS: Final[Mapping[str, type]] = {"prefix": str, "ttl_s": float, "timeout_s": float, "pause_s": float}

_PASSED: Final = ("ssl_", "db")  # options of redis-py


def open_cache(url: str) -> EmbeddingCache:
    """Open a cache; whoever opens it closes it.

    Args:
        url: `memory://` (with `?max_bytes=`), `redis://HOST:PORT/DB`, `rediss://` or `unix://` (with `?prefix=`,
            `ttl_s=`, `timeout_s=`, `pause_s=`, `max_bytes=` of the memory before it, and `db=` and `ssl_...` of
            redis-py), `file:///PATH`, or `none://`.

    Returns:
        The cache.

    Raises:
        InvalidInputError: If the scheme is unknown, the address unreadable, or redis-py not installed.
        ConfigError: If an option is unknown or out of range.
        StorageError: If a file cannot be used.
    """
    parts = urlsplit(url)
    if parts.scheme not in CACHES:
        raise InvalidInputError(
            "cache", f"scheme {parts.scheme!r} is none of {', '.join(f'{name}://' for name in CACHES)}"
        )
    return CACHES[parts.scheme](parts)


def _memory(parts: SplitResult) -> EmbeddingCache:
    return LruCache(**_options(parts, _MEMORY_OPTIONS))


def _redis(parts: SplitResult) -> EmbeddingCache:
    options = _options(parts, {**_REDIS_OPTIONS, **_MEMORY_OPTIONS}, passed=_PASSED)
    passed = {name: options.pop(name) for name in list(options) if name.startswith(_PASSED)}
    near = LruCache(**{name: options.pop(name) for name in _MEMORY_OPTIONS if name in options})
    url = parts._replace(query=urlencode(passed)).geturl()
    return TieredCache(near, RedisCache(RedisConfig(url=url, **options)))


def _file(parts: SplitResult) -> EmbeddingCache:
    _options(parts, {})
    return FileCache(Path(unquote(parts.path)))


def _nothing(parts: SplitResult) -> EmbeddingCache:
    _options(parts, {})
    return NoCache()


CACHES: Final[Mapping[str, Callable[[SplitResult], EmbeddingCache]]] = MappingProxyType(
    {"memory": _memory, "redis": _redis, "rediss": _redis, "unix": _redis, "file": _file, "none": _nothing}
)


def _options(parts: SplitResult, known: Mapping[str, type], *, passed: tuple[str, ...] = ()) -> dict[str, Any]:
    options: dict[str, Any] = {}
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        if name.startswith(passed):
            options[name] = value
            continue
        if name not in known:
            raise ConfigError("cache", name, value, f"is no option of {parts.scheme}:// ({', '.join(known) or 'none'})")
        try:
            options[name] = known[name](value)
        except ValueError as error:
            raise ConfigError("cache", name, value, f"must be a number ({known[name].__name__})") from error
    return options
