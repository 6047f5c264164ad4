"""Where a bulk run computes: here, in several processes, or on Ray."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING

from embedrank.cli.wiring import native_choice
from embedrank.core.errors import InvalidInputError

if TYPE_CHECKING:
    from embedrank.cli.wiring import Wiring
    from embedrank.engine.bulk.config import BulkConfig
    from embedrank.engine.bulk.pool import Pool


def pool_for(
    wiring: Wiring,
    model: str,
    config: BulkConfig,
    *,
    dtype: str | None,
    workers: int | None,
    devices: str | None,
    ray: str | None,
) -> Pool:
    """Choose by the options of the command; nothing is started yet.

    Args:
        wiring: How this process loads models.
        model: Preset, folder or hub id.
        config: Side, instruction and dim.
        dtype: Numbers that models in other processes compute in; None leaves it to them.
        workers: Processes; None for one, or one a device.
        devices: Names with commas between them, given to the processes in turn.
        ray: Address of a Ray cluster.

    Returns:
        The pool.

    Raises:
        InvalidInputError: If the options do not go together.
    """
    from embedrank.engine.bulk.encoder import load_encoder
    from embedrank.engine.bulk.pool import ThisProcess
    from embedrank.engine.bulk.processes import Processes

    names = [name.strip() for name in devices.split(",")] if devices is not None else []
    if devices is not None and not all(names):
        raise InvalidInputError("--devices", f"{devices!r} names no device", hint="such as cuda:0,cuda:1")
    if ray is not None:
        from embedrank.engine.bulk.ray_data import RayData

        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # it would report to its makers
        actors = workers or 1
        return RayData(model, config, dtype=dtype, address=ray, num_actors=actors, num_cores=num_cores(), devices=names)
    count = workers or len(names) or 1
    if count < len(names):
        raise InvalidInputError("--workers", f"{count} processes leave some of {len(names)} devices idle")
    load = partial(load_encoder, model, dtype=dtype, native=native_choice())
    if count == 1:
        here = partial(load, device=names[0]) if names else partial(wiring.embedder, model)
        return ThisProcess(here, config)
    threads = max(1, num_cores() // count)
    places: list[str | None] = [*names] if names else [None]
    loads = [partial(load, device=places[i % len(places)], threads=threads) for i in range(count)]
    return Processes(loads, config)


def num_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
