"""From a URL to a cache."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import SplitResult, parse_qsl, unquote, urlencode, urlsplit

from embedrank.core.errors import ConfigError, InvalidInputError
from embedrank.core.protocols import EmbeddingCache
from embedrank.engine.caches.behind import WriteBehind
from embedrank.engine.caches.file import FileCache
from embedrank.engine.caches.lru import LruCache
from embedrank.engine.caches.nothing import NoCache
from embedrank.engine.caches.redis import RedisCache, RedisConfig
from embedrank.engine.caches.tiered import TieredCache

_MEMORY_OPTIONS: Final[Mapping[str, type]] = {"max_bytes": int}
_REDIS_OPTIONS: Final[Mapping[str, type]] = {"prefix": str, "ttl_s": float, "timeout_s": float, "pause_s": float}
_SQLITE_OPTIONS: Final[Mapping[str, type]] = {"disk_bytes": int, "timeout_s": float, "pause_s": float}
_PASSED: Final = ("ssl_", "db")  # options of redis-py
_DISK_BYTES: Final = 4 << 30
_DISK_TIMEOUT_S: Final = 0.5  # a service does not wait as long as a run that is to go on where it stopped


def open_cache(url: str) -> EmbeddingCache:
    """Open a cache; whoever opens it closes it.

    Args:
        url: `memory://` (with `?max_bytes=`), `redis://HOST:PORT/DB`, `rediss://` or `unix://` (with `?prefix=`,
            `ttl_s=`, `timeout_s=`, `pause_s=`, `max_bytes=` of the memory before it, and `db=` and `ssl_...` of
            redis-py), `sqlite:///PATH` (with `?disk_bytes=`, `timeout_s=`, `pause_s=`, and `max_bytes=` of the memory
            before it), `file:///PATH`, or `none://`.

    Returns:
        The cache.

    Raises:
        InvalidInputError: If the scheme is unknown, the address unreadable, or redis-py not installed.
        ConfigError: If an option is unknown or out of range.
        StorageError: If a file cannot be used.
    """
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise InvalidInputError("cache", f"is no URL: {error}") from error
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
    near = _near(options)
    url = parts._replace(query=urlencode(passed)).geturl()
    return TieredCache(near, RedisCache(RedisConfig(url=url, **options)))


def _sqlite(parts: SplitResult) -> EmbeddingCache:
    defaults = {"disk_bytes": _DISK_BYTES, "timeout_s": _DISK_TIMEOUT_S}
    options = {**defaults, **_options(parts, {**_SQLITE_OPTIONS, **_MEMORY_OPTIONS})}
    near = _near(options)
    return TieredCache(near, WriteBehind(FileCache(_path(parts), max_bytes=options.pop("disk_bytes"), **options)))


def _file(parts: SplitResult) -> EmbeddingCache:
    _options(parts, {})
    return FileCache(_path(parts))


def _near(options: dict[str, Any]) -> LruCache:
    """The memory before another cache; its options are taken out."""
    return LruCache(**{name: options.pop(name) for name in _MEMORY_OPTIONS if name in options})


def _path(parts: SplitResult) -> Path:
    if parts.netloc not in ("", "localhost") or not parts.path.strip("/"):
        raise InvalidInputError("cache", f"has no path: write {parts.scheme}:///PATH, with three slashes")
    return Path(unquote(parts.path))


def _nothing(parts: SplitResult) -> EmbeddingCache:
    _options(parts, {})
    return NoCache()


CACHES: Final[Mapping[str, Callable[[SplitResult], EmbeddingCache]]] = MappingProxyType(
    {
        "memory": _memory,
        "redis": _redis,
        "rediss": _redis,
        "unix": _redis,
        "sqlite": _sqlite,
        "file": _file,
        "none": _nothing,
    }
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
