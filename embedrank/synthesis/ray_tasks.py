"""What runs inside Ray: the actor that computes blocks, the desk that keeps cache and budget, and the line to it."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

from embedrank.core.errors import EmbedrankError, GeneratorStoppedError
from embedrank.core.generation import Failure, Outcome
from embedrank.core.protocols import TextGenerator
from embedrank.synthesis.generators.budget import Admission, BudgetConfig
from embedrank.synthesis.generators.cache import RequestCache
from embedrank.synthesis.generators.meter import LocalMeter, Meter
from embedrank.synthesis.generators.usage import Usage
from embedrank.synthesis.making import Recipe, make

Load: TypeAlias = Callable[[Meter], tuple[Recipe, TextGenerator]]
"""Makes what computes blocks, in any process."""


class MeterDesk:
    """The meter of a whole run; an actor of its own, on the machine of the driver."""

    def __init__(self, path: Path, run: str, budget: BudgetConfig) -> None:
        """Open the cache.

        Args:
            path: Its file.
            run: What spending is counted under.
            budget: The caps.
        """
        self._meter = LocalMeter(RequestCache(path, run=run), budget)

    def call(self, name: str, *arguments: Any) -> Any:
        """Call a method of the meter, or read an attribute; errors of ours come back as values."""
        try:
            found = getattr(self._meter, name)
            return found(*arguments) if callable(found) else found
        except EmbedrankError as error:
            return _Trouble(str(error))


class _Trouble:
    """An error of ours as a value."""

    def __init__(self, message: str) -> None:
        self.message = message


class RemoteMeter:
    """A `Meter` whose desk is an actor."""

    def __init__(self, desk: Any) -> None:
        """Remember the actor.

        Args:
            desk: Its handle.
        """
        self._desk = desk

    @property
    def usage(self) -> Usage:
        """Of the run, all the times that it was begun again together."""
        usage: Usage = self._call("usage")
        return usage

    @property
    def notes(self) -> list[str]:
        """What the user should be told."""
        notes: list[str] = self._call("notes")
        return notes

    def known(self, digest: bytes) -> Outcome | None:
        """As the protocol says."""
        outcome: Outcome | None = self._call("known", digest)
        return outcome

    def admit(self, need: Usage) -> Admission | Failure:
        """As the protocol says."""
        admission: Admission | Failure = self._call("admit", need)
        return admission

    def settle(self, digest: bytes, need: Usage, took: Usage, outcome: Outcome | None) -> Outcome | None:
        """As the protocol says."""
        kept: Outcome | None = self._call("settle", digest, need, took, outcome)
        return kept

    def note(self, words: str) -> None:
        """As the protocol says."""
        self._call("note", words)

    def close(self) -> None:
        """Let go of the cache."""
        self._call("close")

    def _call(self, name: str, *arguments: Any) -> Any:
        import ray

        found = ray.get(self._desk.call.remote(name, *arguments))
        if isinstance(found, _Trouble):
            raise EmbedrankError(found.message)
        return found


def drawn(_: Any, *, feed: Any) -> Iterator[Any]:
    """Draw blocks from the feed until it ends.

    Args:
        feed: Handle of the actor.

    Yields:
        A table of one row for each block: `number`, `work`.
    """
    import pyarrow as pa
    import ray

    while (work := ray.get(feed.take.remote())) is not None:
        number, drafts = work
        yield pa.table({"number": [number], "work": pa.array([drafts], type=pa.large_binary())})


class Work:
    """The pool's actor: makes its generator once, computes one block a call."""

    def __init__(self, load: Load, desk: Any, feed: Any) -> None:
        """Make the generator.

        Args:
            load: Makes it.
            desk: Handle of the meter's actor.
            feed: Handle of the actor that blocks come from.
        """
        self._feed = feed
        self._recipe, self._generator = load(RemoteMeter(desk))

    def __call__(self, rows: Any) -> Any:
        """Compute a block.

        Args:
            rows: A table of one row: `number`, `work`.

        Returns:
            A table of one row: `number`, `made`, and `stopped` or `failure` where it came to nothing.
        """
        import pyarrow as pa
        import ray

        number = rows["number"][0].as_py()
        made, stopped, failure = b"", b"", ""
        if not ray.get(self._feed.begin.remote(number)):
            failure = "two actors died on the same block (too little memory? what was committed is kept)"
        else:
            try:
                made = pickle.dumps(make(pickle.loads(rows["work"][0].as_py()), self._recipe, self._generator))
            except GeneratorStoppedError as error:
                stopped = pickle.dumps((error.generator, error.reason, error.detail))
            except EmbedrankError as error:
                failure = str(error)
        self._feed.end.remote(number)
        binary = {"made": made, "stopped": stopped}
        columns: dict[str, Any] = {name: pa.array([value], type=pa.large_binary()) for name, value in binary.items()}
        return pa.table({"number": [number], "failure": [failure], **columns})
