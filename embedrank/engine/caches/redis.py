"""Vectors in a Redis server, shared by all processes that serve the same model.

Redis being down or slow costs cache hits and nothing else: reads wait a fixed short time, writes wait for nobody, a
breaker leaves a failing server alone, and all of it is counted. Needs the extra `embedrank[redis]`.

Source: https://redis.io/docs/latest/commands/mget/
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass, replace
from typing import Any

from embedrank.core.errors import ConfigError, InvalidInputError
from embedrank.core.types import EmbeddedText
from embedrank.engine.caches.breaker import Breaker
from embedrank.engine.caches.courier import Courier
from embedrank.engine.caches.record import FORMAT_VERSION, from_bytes, to_bytes

_WAITING_WRITES = 64  # batches; more are dropped, and counted
_CLOSE_WAIT_S = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisConfig:
    """Where and how vectors are kept in Redis.

    Attributes:
        url: `redis://`, `rediss://` or `unix://`, as redis-py reads it.
        prefix: Start of every key.
        ttl_s: Seconds after which an entry goes; None for never.
        timeout_s: How long a look-up may hold a request up.
        pause_s: How long a failing server is left alone.
    """

    url: str
    prefix: str = "embedrank"
    ttl_s: float | None = None
    timeout_s: float = 0.2
    pause_s: float = 5.0

    def __post_init__(self) -> None:
        for field in ("timeout_s", "pause_s"):
            if not getattr(self, field) > 0:
                raise ConfigError("redis", field, getattr(self, field), "must be above 0")
        if self.ttl_s is not None and not self.ttl_s >= 0.001:
            raise ConfigError("redis", "ttl_s", self.ttl_s, "must be at least a millisecond, or None")


class RedisCache:
    """Keeps entries under `prefix:version:key`."""

    def __init__(self, config: RedisConfig) -> None:
        """Prepare a connection; none is made before the first use, so a server that is down stops nobody.

        Args:
            config: Where and how.

        Raises:
            InvalidInputError: If redis-py is not installed or cannot read the URL.
        """
        self._client = _connect(config)
        self._prefix = f"{config.prefix}:v{FORMAT_VERSION}:".encode()
        self._ttl_ms = None if config.ttl_s is None else max(1, round(config.ttl_s * 1000))
        self._timeout_s = config.timeout_s
        self._breaker = Breaker(pause_s=config.pause_s)
        self._reader = Courier("embedrank-redis-reader", max_waiting=1)
        self._writer = Courier("embedrank-redis-writer", max_waiting=_WAITING_WRITES)
        self._counts: Counter[str] = Counter(
            hits=0, misses=0, corrupt=0, errors=0, timeouts=0, skipped_reads=0, written=0, dropped_writes=0
        )
        self._lock = threading.Lock()

    def get_many(self, keys: Sequence[bytes]) -> list[EmbeddedText | None]:
        """What Redis holds; all misses if it does not answer in time."""
        if not keys:
            return []
        names = [self._name(key) for key in keys]
        raws = self._read(lambda: self._client.mget(names))
        entries = [None if raw is None else from_bytes(raw) for raw in raws or [None] * len(keys)]
        num_hits = sum(entry is not None for entry in entries)
        corrupt = sum(raw is not None for raw in raws or []) - num_hits
        self._count(hits=num_hits, misses=len(keys) - num_hits, corrupt=corrupt)
        return entries

    def put_many(self, entries: Mapping[bytes, EmbeddedText]) -> None:
        """Write later, in another thread; dropped if Redis is failing or too slow to keep up."""
        if not entries:
            return
        copies = {key: replace(entry, vector=entry.vector.copy()) for key, entry in entries.items()}
        sent = self._writer.send(lambda: self._write(copies)) if not self._breaker.is_open else None
        if sent is None:
            self._count(dropped_writes=len(entries))

    def counts(self) -> Mapping[str, int]:
        """What happened so far.

        Returns:
            `hits`, `misses` (of which `corrupt`), `errors`, `timeouts`, `skipped_reads` (breaker open or reader busy),
            `written`, `dropped_writes`, `breaker_openings`, and `breaker_is_open` as 0 or 1.
        """
        with self._lock:
            breaker = self._breaker
            return {
                **self._counts,
                "breaker_openings": breaker.num_openings,
                "breaker_is_open": int(breaker.is_open),
            }

    def close(self) -> None:
        """Write what waits, for a short while, and disconnect."""
        self._writer.close(_CLOSE_WAIT_S)
        self._reader.close(self._timeout_s)
        self._client.close()

    def _read(self, fetch: Callable[[], Any]) -> list[bytes | None] | None:
        """The fetched values, or None if there are none to be had in time."""
        sent = self._reader.send(fetch) if self._breaker.allows() else None
        if sent is None:
            self._count(skipped_reads=1)
            return None
        try:
            raws: list[bytes | None] = sent.result(self._timeout_s)
        except FutureTimeoutError:
            sent.cancel()
            self._count(timeouts=1)
            self._breaker.failed()
            return None
        except Exception:  # redis-py has a tree of its own, and sockets and names raise OSErrors
            self._count(errors=1)
            self._breaker.failed()
            return None
        self._breaker.succeeded()
        return raws

    def _write(self, entries: Mapping[bytes, EmbeddedText]) -> None:
        try:
            pipeline = self._client.pipeline(transaction=False)
            for key, entry in entries.items():
                pipeline.set(self._name(key), to_bytes(entry), px=self._ttl_ms)
            pipeline.execute()
        except Exception:
            self._count(errors=1, dropped_writes=len(entries))
            self._breaker.failed()
        else:
            self._count(written=len(entries))

    def _name(self, key: bytes) -> bytes:
        return self._prefix + key.hex().encode()

    def _count(self, **numbers: int) -> None:
        with self._lock:
            self._counts.update(numbers)


def _connect(config: RedisConfig) -> Any:
    try:
        import redis
        from redis.backoff import NoBackoff
        from redis.retry import Retry
    except ImportError as error:
        raise InvalidInputError("cache", "needs the redis package", hint="pip install 'embedrank[redis]'") from error
    try:
        return redis.Redis.from_url(
            config.url,
            socket_timeout=config.timeout_s,
            socket_connect_timeout=config.timeout_s,
            retry=Retry(NoBackoff(), 0),  # a second try would take longer than computing the vector
        )
    except ValueError as error:
        raise InvalidInputError("cache", f"is no address of a Redis server: {error}") from error
