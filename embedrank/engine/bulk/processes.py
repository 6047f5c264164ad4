"""Several worker processes on one machine, each with its own model: order kept, a death noticed, nothing hangs.

Each worker has a pipe of its own and is given a chunk only when it has none, so neither side ever waits for the other
to empty a pipe, and a worker killed at any moment breaks nothing but its own pipe.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Sequence
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import TYPE_CHECKING, Final

from embedrank.core.errors import WorkerError
from embedrank.engine.bulk.encoder import Computed, Load, ModelFacts
from embedrank.engine.bulk.worker import Failure, work

if TYPE_CHECKING:
    from embedrank.engine.bulk.chunks import Chunk
    from embedrank.engine.bulk.config import BulkConfig

_CHUNKS_AHEAD: Final = 4  # times the workers: how far one may be ahead of another
_END_S: Final = 5.0


class _Worker:
    """One process, its pipe, and the chunk it is at."""

    def __init__(self, name: str, load: Load, config: BulkConfig) -> None:
        self.name = name
        self.chunk: Chunk | None = None
        context = multiprocessing.get_context("spawn")
        self.pipe: Connection
        self.pipe, theirs = context.Pipe()
        self.process: BaseProcess = context.Process(target=work, args=(theirs, load, config), daemon=True)
        self.process.start()
        theirs.close()  # so that its death closes the pipe

    def give(self, chunk: Chunk) -> None:
        """Hand over a chunk; if it is dead, reading its pipe will tell."""
        self.chunk = chunk
        try:
            self.pipe.send(list(chunk.texts))
        except ConnectionError:
            return

    def take(self) -> ModelFacts | Computed | None:
        """What it has to say; None if it died."""
        try:
            said = self.pipe.recv()
        except (EOFError, OSError):
            return None
        if isinstance(said, Failure):
            if said.is_bug:
                raise RuntimeError(f"worker {self.name} failed:\n{said.message}")
            where = "" if self.chunk is None else f"{self.chunk.name}: "
            raise WorkerError(self.name, where + said.message)
        assert isinstance(said, ModelFacts | Computed)
        return said

    def death(self) -> str:
        """How it died."""
        self.process.join(_END_S)
        code = self.process.exitcode
        return f"killed by signal {-code}" if code is not None and code < 0 else f"ended with code {code}"

    def end(self) -> None:
        """End it."""
        self.pipe.close()
        self.process.terminate()
        self.process.join(_END_S)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()


class Processes:
    """One worker for each way to load the model."""

    def __init__(self, loads: Sequence[Load], config: BulkConfig) -> None:
        """Say how; nothing is started yet.

        Args:
            loads: How each worker gets its model; has to survive pickling.
            config: Side, instruction and dim.
        """
        self._loads, self._config = loads, config
        self._workers: list[_Worker] = []
        self._died_on: set[int] = set()

    def start(self) -> ModelFacts:
        """Start the workers and wait until all have their model.

        Returns:
            What the model is.

        Raises:
            WorkerError: If one cannot load it, or they loaded different ones.
        """
        for number, load in enumerate(self._loads, start=1):
            self._workers.append(_Worker(str(number), load, self._config))
        facts = [_facts_of(worker) for worker in self._workers]
        for worker, found in zip(self._workers, facts, strict=True):
            if found.fingerprint != facts[0].fingerprint:
                raise WorkerError(worker.name, f"loaded another model than worker {self._workers[0].name}")
        return facts[0]

    def results(self, chunks: Iterator[Chunk]) -> Iterator[tuple[Chunk, Computed]]:
        """Each chunk with its vectors, in order.

        Args:
            chunks: Read as workers become free.

        Yields:
            Chunk and vectors.

        Raises:
            WorkerError: If a worker cannot compute a chunk, or two died on the same one.
        """
        done: dict[int, tuple[Chunk, Computed]] = {}
        due = 0
        upcoming = next(chunks, None)
        while True:
            for worker in self._workers:
                if upcoming is None or upcoming.number >= due + _CHUNKS_AHEAD * len(self._workers):
                    break
                if worker.chunk is None:
                    worker.give(upcoming)
                    upcoming = next(chunks, None)  # ready when the next worker is free
            while due in done:
                yield done.pop(due)
                due += 1
            busy = {worker.pipe: place for place, worker in enumerate(self._workers) if worker.chunk is not None}
            if not busy and upcoming is None:
                return
            for pipe in wait(list(busy)) if busy else []:
                assert isinstance(pipe, Connection)
                for chunk, computed in self._taken(busy[pipe]):
                    done[chunk.number] = (chunk, computed)

    def close(self) -> None:
        """End all workers."""
        for worker in self._workers:
            worker.end()
        self._workers.clear()

    def _taken(self, place: int) -> Iterator[tuple[Chunk, Computed]]:
        """The result of the worker at a place; none if it died and another was given its chunk."""
        worker = self._workers[place]
        chunk = worker.chunk
        assert chunk is not None
        said = worker.take()
        if isinstance(said, Computed):
            worker.chunk = None
            yield chunk, said
            return
        death = worker.death()
        worker.end()
        if chunk.number in self._died_on:
            problem = f"died twice on {chunk.name} ({death})"
            raise WorkerError(worker.name, problem, hint="too little memory? what was committed is kept")
        self._died_on.add(chunk.number)
        fresh = self._workers[place] = _Worker(worker.name, self._loads[place], self._config)
        _facts_of(fresh)
        fresh.give(chunk)


def _facts_of(worker: _Worker) -> ModelFacts:
    facts = worker.take()
    if not isinstance(facts, ModelFacts):
        raise WorkerError(worker.name, f"died while it loaded the model ({worker.death()})", hint="too little memory?")
    return facts
