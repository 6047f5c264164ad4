"""Rivals measured in turns: every round runs each of them once, so that a noisy moment hits all alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any


def alternate(systems: Mapping[str, Callable[[], Any]], *, rounds: int) -> dict[str, list[float]]:
    """Seconds of each system.

    Args:
        systems: Names and what they run; run each once before, to warm up.
        rounds: How often each is run.

    Returns:
        For each system its seconds, round by round.
    """
    seconds: dict[str, list[float]] = {name: [] for name in systems}
    for _ in range(rounds):
        for name, run in systems.items():
            started = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - started)
    return seconds


def alternate_clocks(
    systems: Mapping[str, Callable[[], Any]], *, rounds: int
) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """As `alternate`, with the processor time of all threads beside the seconds that pass.

    Args:
        systems: Names and what they run.
        rounds: How often each is run.

    Returns:
        Seconds that passed, and seconds of processor time, which neighbours change far less.
    """
    used: dict[str, list[float]] = {name: [] for name in systems}

    def counted(name: str, run: Callable[[], Any]) -> None:
        started = time.process_time()
        run()
        used[name].append(time.process_time() - started)

    counting = {name: partial(counted, name, run) for name, run in systems.items()}
    return alternate(counting, rounds=rounds), used


def print_ratios(seconds: Mapping[str, list[float]], *, ours: str, amount: float, unit: str) -> None:
    """One line a system: its rate, and how many times as fast ours is, round against round.

    Args:
        seconds: From `alternate`.
        ours: The name that the others are compared with.
        amount: How much is done in a run.
        unit: What of.
    """
    for name, values in seconds.items():
        ratios = [theirs / mine for theirs, mine in zip(values, seconds[ours], strict=True)]
        print(
            f"{name:45} {amount / statistics.median(values):10.1f} {unit}/s   ours is "
            f"{statistics.median(ratios):5.2f} x (min {min(ratios):.2f}, max {max(ratios):.2f})"
        )
