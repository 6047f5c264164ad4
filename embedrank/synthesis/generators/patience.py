"""When to ask again, and when to give up: a request, or the whole endpoint."""

from __future__ import annotations

import random
import time

from embedrank.core.generation import Failure
from embedrank.synthesis.generators.backoff import backoff_s
from embedrank.synthesis.generators.openai_config import RetryConfig
from embedrank.synthesis.generators.trouble import Fault, Trouble


class Pulse:
    """Signs of life of an endpoint, shared by all requests to it.

    Attributes:
        answered_at: When it last answered, in seconds of the monotonic clock; None before it did.
        open_at: When it may be asked again, as it said itself.
    """

    def __init__(self) -> None:
        """Know nothing yet."""
        self.answered_at: float | None = None
        self.open_at = 0.0

    def beat(self) -> None:
        """Take note of an answer."""
        self.answered_at = time.monotonic()

    def hold(self, seconds: float) -> None:
        """Let nobody ask for so long."""
        self.open_at = max(self.open_at, time.monotonic() + seconds)


class Patience:
    """Of one request: how often it was tried, since when, and what the endpoint did meanwhile."""

    def __init__(self, config: RetryConfig, pulse: Pulse) -> None:
        """Begin with the first attempt.

        Args:
            config: How long to try.
            pulse: Of the endpoint.
        """
        self._config, self._pulse = config, pulse
        self._began = time.monotonic()
        self._num_troubles = 0
        self._num_attempts = 0

    def wait_s(self, trouble: Trouble) -> float | Failure:
        """What to do after an attempt that failed.

        Args:
            trouble: What was wrong with it.

        Returns:
            Seconds to wait before the next attempt; or what to answer instead. That failure is final where the request
            is at fault: where it broke every time while the endpoint answered others.
        """
        self._num_troubles += 1
        if trouble.fault is Fault.SETTINGS:
            return _failure(trouble, is_final=False)
        if trouble.fault is Fault.REQUEST:
            return _failure(trouble, is_final=True)
        if trouble.fault is Fault.ATTEMPT:
            self._num_attempts += 1
            if self._num_attempts >= self._config.max_attempts:
                return _failure(trouble, is_final=self._answered_meanwhile())
        elif self._silence_s() + (trouble.wait_s or 0.0) > self._config.patience_s:
            return _failure(trouble, is_final=False)
        config = self._config
        jitter_s = backoff_s(self._num_troubles, base_s=config.base_s, max_s=config.max_s, draw=random.random())
        return jitter_s + (trouble.wait_s or 0.0)

    def _answered_meanwhile(self) -> bool:
        return self._pulse.answered_at is not None and self._pulse.answered_at >= self._began

    def _silence_s(self) -> float:
        """Since when nobody was answered, as far as this request knows."""
        return time.monotonic() - max(self._began, self._pulse.answered_at or 0.0)


def _failure(trouble: Trouble, *, is_final: bool) -> Failure:
    return Failure(reason=trouble.reason, detail=trouble.detail, is_final=is_final)
