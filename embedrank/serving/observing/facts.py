"""What is noted of the request at hand, for its line in the log and for the metrics.

The facts hang on a context variable, so that what is deep inside can add to them; none of them is text of a user.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Final

from embedrank.engine.watching import watching

_MAX_SPANS: Final = 256  # of a request of very many batches


@dataclass(slots=True, kw_only=True)
class Facts:
    """Of one request.

    Attributes:
        request_id: Its id, which the client may choose.
        caller: Name of its key; None without one.
        model: Model that answered.
        texts: Texts read.
        tokens: Tokens read.
        truncated: Texts that were cut.
        problem: Class of trouble, where it got no answer.
        trace_id: Of the trace that the client began; None where it began none.
        stages: Seconds by stage.
        spans: The same one by one: stage, start and end on the clock of `time.perf_counter`.
    """

    request_id: str
    caller: str | None = None
    model: str | None = None
    texts: int = 0
    tokens: int = 0
    truncated: int = 0
    problem: str | None = None
    trace_id: str | None = None
    stages: dict[str, float] = field(default_factory=dict)
    spans: list[tuple[str, float, float]] = field(default_factory=list)

    def add(self, stage: str, start: float, end: float) -> None:
        """Add to the time of a stage; each stage is added to by one thread at a time."""
        self.stages[stage] = self.stages.get(stage, 0.0) + end - start
        if len(self.spans) < _MAX_SPANS:
            self.spans.append((stage, start, end))


_FACTS: ContextVar[Facts | None] = ContextVar("facts", default=None)


@contextmanager
def noting(request_id: str) -> Iterator[Facts]:
    """Begin to note facts of a request.

    Args:
        request_id: Its id.

    Yields:
        The facts.
    """
    facts = Facts(request_id=request_id)
    token = _FACTS.set(facts)
    try:
        with watching(facts.add):
            yield facts
    finally:
        _FACTS.reset(token)


def current_facts() -> Facts | None:
    """The facts of the request at hand; None outside of one."""
    return _FACTS.get()


def note_work(*, model: str, texts: int, tokens: int, truncated: int) -> None:
    """Add what a model did to the facts of the request at hand."""
    facts = _FACTS.get()
    if facts is not None:
        facts.model = model
        facts.texts += texts
        facts.tokens += tokens
        facts.truncated += truncated


@contextmanager
def timed(stage: str) -> Iterator[None]:
    """Add the time of a block to a stage of the request at hand."""
    start = time.perf_counter()
    try:
        yield
    finally:
        note_stage(stage, time.perf_counter() - start)


def note_stage(stage: str, seconds: float) -> None:
    """Add time, which ends now, to a stage of the request at hand."""
    facts = _FACTS.get()
    if facts is not None:
        now = time.perf_counter()
        facts.add(stage, now - seconds, now)
