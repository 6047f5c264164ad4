"""Stands between generators and what costs: answers from the cache, permits by the budget, sums."""

from __future__ import annotations

import threading
from typing import Protocol

from embedrank.core.generation import Failure, Outcome
from embedrank.synthesis.generators.budget import Admission, Budget, BudgetConfig
from embedrank.synthesis.generators.cache import RequestCache
from embedrank.synthesis.generators.usage import Usage

OUT_OF_BUDGET = "budget"


class Meter(Protocol):
    """What generators need; the one of this process, or a line to that of another."""

    def known(self, digest: bytes) -> Outcome | None:
        """What was answered before; None where nothing was."""
        ...

    def admit(self, need: Usage) -> Admission | Failure:
        """Whether a request that may take so much may be sent; a failure where the budget is spent."""
        ...

    def settle(self, digest: bytes, need: Usage, took: Usage, outcome: Outcome | None) -> Outcome | None:
        """Take note of a request that is no longer in flight, and keep its answer where it has one.

        Returns the answer that counts: this one, or that of an equal request which was faster.
        """
        ...

    def note(self, words: str) -> None:
        """Something the user should be told once."""
        ...


class LocalMeter:
    """The meter of this process; threads may share it.

    Attributes:
        notes: What the user should be told, each once.
    """

    def __init__(self, cache: RequestCache, budget: BudgetConfig) -> None:
        """Go on with what the run has spent.

        Args:
            cache: Open; closed with this.
            budget: The caps.
        """
        self.notes: list[str] = []
        self._cache = cache
        self._budget = Budget(budget, spent=cache.spent())
        self._before = self._budget.spent
        self._lock = threading.Lock()

    @property
    def usage(self) -> Usage:
        """Of the run, all the times that it was begun again together."""
        with self._lock:
            return self._budget.spent

    @property
    def usage_now(self) -> Usage:
        """Since this was opened."""
        return self.usage.minus(self._before)

    def known(self, digest: bytes) -> Outcome | None:
        """As the protocol says."""
        outcome = self._cache.get(digest)
        if outcome is not None:
            with self._lock:
                self._budget.hit()
        return outcome

    def admit(self, need: Usage) -> Admission | Failure:
        """As the protocol says."""
        with self._lock:
            admission = self._budget.admit(need)
            if admission is Admission.SPENT:
                return Failure(reason=OUT_OF_BUDGET, detail=self._budget.why_spent(need), is_final=False)
            return admission

    def settle(self, digest: bytes, need: Usage, took: Usage, outcome: Outcome | None) -> Outcome | None:
        """As the protocol says."""
        with self._lock:
            self._budget.settle(need, took)
            return self._cache.put(digest, outcome, self._budget.spent)

    def note(self, words: str) -> None:
        """As the protocol says."""
        with self._lock:
            if words not in self.notes:
                self.notes.append(words)

    def close(self) -> None:
        """Let go of the cache."""
        self._cache.close()
