"""API keys and what each may use.

Only hashes are kept, and every known key is compared with what was sent, each in constant time, so that neither memory
dumps nor response times tell a key.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass

from embedrank.core.errors import AccessDeniedError, QuotaExceededError
from embedrank.serving.access.bucket import Bucket
from embedrank.serving.settings import KeySettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Whoever has a key.

    Attributes:
        name: Name of the key.
        digest: SHA-256 of it.
        requests: What is left of its requests; None for any number.
        tokens: What is left of its tokens; None for any number.
    """

    name: str
    digest: bytes
    requests: Bucket | None
    tokens: Bucket | None

    def admit(self) -> None:
        """Count one request, or refuse it.

        Raises:
            QuotaExceededError: If requests or tokens of this minute are used up.
        """
        for what, bucket in (("requests", self.requests), ("tokens", self.tokens)):
            wait_s = bucket.wait_s(1) if bucket else 0.0
            if bucket and wait_s > 0:
                raise QuotaExceededError(what, limit=bucket.per_minute, retry_after_s=round(wait_s, 1))
        if self.requests:
            self.requests.take(1)

    def charge(self, num_tokens: int) -> None:
        """Count tokens that were computed; an overdraft keeps later requests out until it is made up."""
        if self.tokens:
            self.tokens.take(num_tokens)


class Keys:
    """All keys of a server."""

    def __init__(self, keys: Mapping[str, KeySettings]) -> None:
        """Learn the keys.

        Args:
            keys: By name.
        """
        self._callers = [
            Caller(
                name=name,
                digest=_digest(key.key),
                requests=Bucket(key.requests_per_minute) if key.requests_per_minute else None,
                tokens=Bucket(key.tokens_per_minute) if key.tokens_per_minute else None,
            )
            for name, key in keys.items()
        ]

    def __bool__(self) -> bool:
        return bool(self._callers)

    def caller(self, headers: Mapping[str, str]) -> Caller:
        """Who asks.

        Args:
            headers: Of the request.

        Returns:
            The caller.

        Raises:
            AccessDeniedError: If there is no key, or no such key.
        """
        sent = _sent(headers)
        if not sent:
            raise AccessDeniedError("this server asks for an API key")
        digest, found = _digest(sent), None
        for caller in self._callers:
            if hmac.compare_digest(digest, caller.digest):
                found = caller
        if found is None:
            raise AccessDeniedError("no such API key")
        return found


def _sent(headers: Mapping[str, str]) -> str:
    scheme, _, credentials = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return credentials.strip()
    return headers.get("x-api-key") or headers.get("api-key") or ""  # the second is Azure's


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()
