"""Joining a Ray cluster, and the queue by which a driver hands work to a dataset. The library itself is handed in."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from embedrank.core.errors import WorkerError

_ANSWER_S: Final = 5.0
_BY_ITSELF: Final = 1  # bytes after which Ray ends a block: each piece of work is one, and none waits for the next
_MOST_BEGINNINGS: Final = 2  # of a piece of work: Ray itself would restart actors and give it to them for ever


class Feed:
    """A queue between the driver and a dataset; an actor of its own."""

    def __init__(self) -> None:
        """Begin empty."""
        self._queue: asyncio.Queue[Any] = asyncio.Queue()
        self._beginnings: Counter[int] = Counter()

    async def put(self, work: Any) -> None:
        """Add a numbered piece of work, or None at the end."""
        await self._queue.put(work)

    async def take(self) -> Any:
        """The next piece, waited for."""
        return await self._queue.get()

    async def begin(self, number: int) -> bool:
        """Whether a piece may be computed: not if two actors died on it."""
        self._beginnings[number] += 1
        return self._beginnings[number] <= _MOST_BEGINNINGS

    async def end(self, number: int) -> None:
        """Forget a piece that was computed."""
        del self._beginnings[number]


def join(ray: Any, address: str, *, num_cores: int) -> None:
    """Start a Ray of one's own or join one, quietly.

    Args:
        ray: The library.
        address: `local` starts one here; `auto` or `host:port` joins one.
        num_cores: Processors of a Ray of one's own.

    Raises:
        WorkerError: If there is none at the address.
    """
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
    if address == "local":
        # Its processes import what this one does, wherever that lies.
        environment = {"env_vars": {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}}
        quiet.update(num_cpus=num_cores, include_dashboard=False, runtime_env=environment)
    _require_answer(address)
    try:
        ray.init(address=address, **quiet)
    except (ConnectionError, RuntimeError, ValueError, TimeoutError) as error:
        problem = f"cannot be reached at {address}: {str(error).splitlines()[0]}"
        raise WorkerError("ray", problem, hint="local starts one here") from error


def computed_by_actors(
    ray: Any,
    feed: Any,
    draw: Any,
    worker: Any,
    *,
    num_actors: int,
    arguments: tuple[Any, ...],
    resources: dict[str, Any],
) -> Iterator[Any]:
    """Results of a pool of actors on the work that is put into a feed, in any order.

    Args:
        ray: The library, joined.
        feed: Actor of a `Feed`; it has to be fed, and ended with None.
        draw: First operator of the dataset, told `feed`: draws work from it.
        worker: Class of the actors; each piece of work is one call.
        num_actors: How many.
        arguments: What they are made of.
        resources: What each needs, as `map_batches` names it.

    Returns:
        Arrow tables as they come.
    """
    data = ray.data
    context = data.DataContext.get_current()
    context.enable_progress_bars = False
    context.target_max_block_size = _BY_ITSELF
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    arrow: dict[str, Any] = {"batch_format": "pyarrow"}
    work = data.from_items([0]).map_batches(draw, fn_kwargs={"feed": feed}, num_cpus=0, **arrow)
    computed = work.map_batches(
        worker,
        batch_size=1,
        compute=data.ActorPoolStrategy(size=num_actors, max_tasks_in_flight_per_actor=2),
        fn_constructor_args=arguments,
        **resources,
        **arrow,
    )
    return iter(computed.iter_batches(batch_size=None, prefetch_batches=0, **arrow))


@contextmanager
def clear_errors(ray: Any) -> Iterator[None]:
    """Turn what Ray says of itself inside the block into one clear error; bugs in what an actor ran stay.

    Args:
        ray: The library.

    Yields:
        Nothing.

    Raises:
        WorkerError: If Ray gives up.
    """
    try:
        yield
    except ray.exceptions.RayTaskError:
        raise  # a bug in what an actor ran
    except ray.exceptions.RayError as error:
        problem = str(error).strip().splitlines()[0]
        raise WorkerError("ray", problem, hint="what was committed is kept") from error


def _require_answer(address: str) -> None:
    """Refuse a host and port where nobody listens; Ray itself would try for minutes."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not host or not port.isdigit():
        return
    try:
        socket.create_connection((host, int(port)), timeout=_ANSWER_S).close()
    except OSError as error:
        raise WorkerError("ray", f"nobody answers at {address}: {error}", hint="local starts one here") from error
