"""Chunks through Ray Data: a pool of actors, each with its own model, on one machine or many.

The driver alone reads the input and writes the output, so actors need no shared disk. It hands chunks to a small actor,
the feed; the first operator of the dataset draws them from it, the second one is the pool. Results come back in any
order and are put into theirs here; no more chunks are under way than the window allows, however Ray buffers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from embedrank.core.errors import InvalidInputError, WorkerError
from embedrank.core.ray_cluster import Feed, clear_errors, computed_by_actors, join
from embedrank.engine.bulk.encoder import Computed, Load, ModelFacts, load_encoder
from embedrank.engine.bulk.ray_tasks import Encode, computed_of, drawn, facts_of
from embedrank.engine.bulk.worker import Failure

if TYPE_CHECKING:
    from embedrank.engine.bulk.chunks import Chunk
    from embedrank.engine.bulk.config import BulkConfig

_CHUNKS_AHEAD: Final = 4  # times the actors


def require_ray() -> Any:
    """The library.

    Returns:
        The module `ray`, with `ray.data`.

    Raises:
        InvalidInputError: If it is not installed.
    """
    try:
        import ray.data
    except ImportError:
        raise InvalidInputError("--ray", "needs the package ray", hint='pip install "embedrank[ray]"') from None
    return ray


class RayData:
    """A pool of Ray actors."""

    def __init__(
        self,
        load: Load | str,
        config: BulkConfig,
        *,
        dtype: str | None = None,
        address: str,
        num_actors: int,
        num_cores: int,
        devices: Sequence[str] = (),
    ) -> None:
        """Say how; nothing is started yet.

        Args:
            load: Preset, hub id, or a folder that is there on every machine; or how an actor gets its model.
            config: Side, instruction and dim.
            dtype: Numbers that a model given by name computes in; None leaves it to the model.
            address: `local` starts a Ray of its own; `auto` or `host:port` joins one.
            num_actors: Actors, each with its own model.
            num_cores: Processors of this machine, for a Ray of its own.
            devices: None or `cpu`: processors; `cuda`: one GPU for each actor, chosen by Ray.

        Raises:
            InvalidInputError: If ray is not installed, or single devices are named.
        """
        self._ray = require_ray()
        kinds = set(devices) or {"cpu"}
        if kinds not in ({"cpu"}, {"cuda"}):
            problem = f"{','.join(devices)}: Ray itself says which actor takes which GPU"
            raise InvalidInputError("--devices", problem, hint="with --ray use cuda or cpu")
        self._load, self._config, self._dtype = load, config, dtype
        self._address, self._num_actors, self._num_cores = address, num_actors, num_cores
        self._device = kinds.pop()
        self._has_joined = False
        self._resources: dict[str, float] = {}
        self._fingerprint = ""
        self._feed: Any = None

    def start(self) -> ModelFacts:
        """Join or start Ray, and load the model once there to know what it is.

        Returns:
            The facts.

        Raises:
            WorkerError: If there is no Ray at the address, it is too small, or the model cannot be loaded.
        """
        ray = self._ray
        if not ray.is_initialized():
            join(ray, self._address, num_cores=max(self._num_cores, self._num_actors))
            self._has_joined = True
        have = ray.cluster_resources()
        need = {"CPU": self._num_actors, "GPU": self._num_actors if self._device == "cuda" else 0}
        for kind, count in need.items():
            if have.get(kind, 0) < count:
                problem = f"{self._num_actors} actors need {count} {kind}, and it has {have.get(kind, 0):g}"
                raise WorkerError("ray", problem, hint="choose fewer with --workers")
        threads = max(1, self._num_cores // self._num_actors) if self._address == "local" else 1
        self._resources = {"num_cpus": 1, "num_gpus": 1 if need["GPU"] else 0}
        if isinstance(self._load, str):
            self._load = partial(load_encoder, self._load, dtype=self._dtype, device=self._device, threads=threads)
        with clear_errors(ray):
            said = ray.get(ray.remote(**self._resources)(facts_of).remote(self._load))
        if isinstance(said, Failure):
            raise WorkerError("ray", said.message)
        assert isinstance(said, ModelFacts)
        self._fingerprint = said.fingerprint
        return said

    def results(self, chunks: Iterator[Chunk]) -> Iterator[tuple[Chunk, Computed]]:
        """Each chunk with its vectors, in order.

        Args:
            chunks: Read as results come back.

        Yields:
            Chunk and vectors.

        Raises:
            WorkerError: If an actor cannot compute a chunk, or Ray gives up.
        """
        under_way: dict[int, Chunk] = {}
        done: dict[int, Computed] = {}
        due = 0
        upcoming = next(chunks, None)
        if upcoming is None:
            return
        computed = self._dataset()
        while upcoming is not None or under_way:
            while upcoming is not None and upcoming.number < due + _CHUNKS_AHEAD * self._num_actors:
                self._feed.put.remote((upcoming.number, list(upcoming.texts)))
                under_way[upcoming.number] = upcoming
                upcoming = next(chunks, None)
            with clear_errors(self._ray):
                table = next(computed)
            for row in table.to_pylist():
                if row["failure"]:
                    raise WorkerError("ray", f"{under_way[row['number']].name}: {row['failure']}")
                done[row["number"]] = computed_of(row)
            while due in done:
                yield under_way.pop(due), done.pop(due)
                due += 1

    def close(self) -> None:
        """Leave Ray, and end it where it was started here."""
        if self._feed is not None:
            self._ray.kill(self._feed)
            self._feed = None
        if self._has_joined:
            self._ray.shutdown()
            self._has_joined = False

    def _dataset(self) -> Iterator[Any]:
        """Tables of results as they come; drawn from the feed, which has to be fed."""
        self._feed = self._ray.remote(num_cpus=0)(Feed).remote()
        return computed_by_actors(
            self._ray,
            self._feed,
            drawn,
            Encode,
            num_actors=self._num_actors,
            arguments=(self._load, self._config, self._fingerprint, self._feed),
            resources=self._resources,
        )
