"""Blocks through Ray Data: a pool of actors, each with its own generator, on one machine or many.

The driver alone reads passages, filters, and writes, so that actors need no shared disk. Cache and budget are one actor
beside the driver, which all others ask.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from embedrank.core.errors import GeneratorStoppedError, WorkerError
from embedrank.core.packages import require_packages
from embedrank.core.ray_cluster import Feed, clear_errors, computed_by_actors, join
from embedrank.synthesis.block import Block
from embedrank.synthesis.generators.budget import BudgetConfig
from embedrank.synthesis.making import Made
from embedrank.synthesis.ray_tasks import Load, MeterDesk, RemoteMeter, Work, drawn

_BLOCKS_AHEAD: Final = 2  # times the actors


class RayBlocks:
    """A `Pool` of Ray actors."""

    def __init__(self, *, address: str, num_actors: int, num_cores: int, num_gpus: float = 0.0) -> None:
        """Join or start Ray.

        Args:
            address: `local` starts a Ray of its own; `auto` or `host:port` joins one.
            num_actors: Actors, each with its own generator.
            num_cores: Processors of this machine, for a Ray of its own.
            num_gpus: GPUs for each actor.

        Raises:
            MissingPackageError: If ray is not installed.
            WorkerError: If there is no Ray at the address, or it is too small.
        """
        require_packages("--ray", "ray", extra="ray")
        import ray.data

        self._ray: Any = ray
        self._num_actors, self._num_gpus = num_actors, num_gpus
        self._load: Load | None = None
        self._feed: Any = None
        self._desk: Any = None
        self._has_joined = False
        if not ray.is_initialized():
            join(ray, address, num_cores=max(num_cores, num_actors))
            self._has_joined = True
        have = self._ray.cluster_resources()
        for kind, count in {"CPU": num_actors, "GPU": num_actors * num_gpus}.items():
            if have.get(kind, 0) < count:
                self.close()
                problem = f"{num_actors} actors need {count:g} {kind}, and it has {have.get(kind, 0):g}"
                raise WorkerError("ray", problem, hint="choose fewer with --workers")

    def open_meter(self, path: Path, run: str, budget: BudgetConfig) -> RemoteMeter:
        """Start the actor that keeps cache and budget, on this machine.

        Args:
            path: File of the cache.
            run: What spending is counted under.
            budget: The caps.

        Returns:
            The line to it.
        """
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        here = NodeAffinitySchedulingStrategy(self._ray.get_runtime_context().get_node_id(), soft=False)
        desk = self._ray.remote(num_cpus=0, scheduling_strategy=here)(MeterDesk)
        self._desk = desk.remote(path.resolve(), run, budget)
        return RemoteMeter(self._desk)

    def compute_with(self, load: Load) -> None:
        """Say what actors compute with.

        Args:
            load: Makes recipe and generator, in any process.
        """
        self._load = load

    def results(self, blocks: Iterator[Block], idle: Callable[[], None]) -> Generator[tuple[Block, Made], None, None]:
        """As the protocol of pools says.

        Args:
            blocks: Read as results come back.
            idle: Called where a result comes out of turn.

        Yields:
            Block and result, in order.

        Raises:
            GeneratorStoppedError: If a generator answers no more.
            WorkerError: If an actor cannot compute a block, or Ray gives up.
        """
        under_way: dict[int, Block] = {}
        done: dict[int, dict[str, Any]] = {}
        due = 0
        upcoming = next(blocks, None)
        if upcoming is None:
            return
        computed = self._dataset()
        try:
            while upcoming is not None or under_way:
                while upcoming is not None and upcoming.number < due + _BLOCKS_AHEAD * self._num_actors:
                    self._feed.put.remote((upcoming.number, pickle.dumps(upcoming.drafts)))
                    under_way[upcoming.number] = upcoming
                    upcoming = next(blocks, None)
                with clear_errors(self._ray):
                    table = next(computed)
                done |= {row["number"]: row for row in table.to_pylist()}
                while due in done:
                    block = under_way.pop(due)
                    yield block, _made(block, done.pop(due))
                    due += 1
                idle()
        finally:
            self._end(computed)

    def close(self) -> None:
        """Leave Ray, and end it where it was started here."""
        for actor in (self._feed, self._desk):
            if actor is not None:
                self._ray.kill(actor)
        self._feed = self._desk = None
        if self._has_joined:
            self._ray.shutdown()
            self._has_joined = False

    def _end(self, computed: Iterator[Any]) -> None:
        """Let the dataset end by itself: its threads would start another Ray where this one is gone."""
        self._feed.put.remote(None)
        with suppress(self._ray.exceptions.RayError):  # what led here is told
            for _ in computed:
                pass

    def _dataset(self) -> Iterator[Any]:
        """Tables of results as they come; drawn from the feed, which has to be fed."""
        self._feed = self._ray.remote(num_cpus=0)(Feed).remote()
        return computed_by_actors(
            self._ray,
            self._feed,
            drawn,
            Work,
            num_actors=self._num_actors,
            arguments=(self._load, self._desk, self._feed),
            resources={"num_cpus": 1, "num_gpus": self._num_gpus},
        )


def _made(block: Block, row: dict[str, Any]) -> Made:
    if row["failure"]:
        raise WorkerError("ray", f"block {block.number}: {row['failure']}")
    if row["stopped"]:
        generator, reason, detail = pickle.loads(row["stopped"])
        raise GeneratorStoppedError(generator, reason=reason, detail=detail)
    made: Made = pickle.loads(row["made"])
    return made
