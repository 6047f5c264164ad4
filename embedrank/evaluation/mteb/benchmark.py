"""The tasks of a published benchmark."""

from __future__ import annotations

from collections.abc import Sequence

import mteb
from mteb.abstasks.abstask import AbsTask

from embedrank.core.errors import InvalidInputError


def benchmark_tasks(benchmark: str, only: Sequence[str] = ()) -> list[AbsTask]:
    """Look a benchmark up in mteb; nothing is downloaded.

    Args:
        benchmark: Its name in mteb, such as `MTEB(eng, v2)`.
        only: Names of tasks to narrow it to; empty for all.

    Returns:
        Its tasks, in its order.

    Raises:
        InvalidInputError: If there is no such benchmark, or it has no such task.
    """
    try:
        tasks = list(mteb.get_benchmark(benchmark).tasks)
    except KeyError as error:
        raise InvalidInputError("--benchmark", str(error.args[0])) from None
    names = [task.metadata.name for task in tasks]
    for name in only:
        if name not in names:
            raise InvalidInputError("--tasks", f"{name!r} is not in {benchmark}", hint=f"there are {', '.join(names)}")
    return [task for task in tasks if not only or task.metadata.name in only]
