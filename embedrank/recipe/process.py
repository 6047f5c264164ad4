"""A command in a process of its own, so that its memory is measured, and given back."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

LOG: Final = "log.txt"
SAID: Final = "said.json"
_PARENT_DEATH_SIGNAL: Final = 1  # PR_SET_PDEATHSIG of prctl(2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a process ended.

    Attributes:
        code: Its exit code; negative for a signal.
        wall_s: Seconds.
        cpu_s: Seconds of processors, of it and of processes that it waited for; None where unknown.
        peak_rss_mib: Largest resident memory of it or of a process that it waited for; None where unknown.
    """

    code: int
    wall_s: float
    cpu_s: float | None
    peak_rss_mib: float | None


def run_python(words: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Ended:
    """Run Python with words and wait for it.

    It dies with this process where the system can do that (Linux): else what a kill left running would write beside
    the run that goes on.

    Args:
        words: After the interpreter.
        folder: Gets stdout as `said.json` and stderr, appended, as `log.txt`.
        environment: Of the process.

    Returns:
        How it ended.
    """
    start = time.perf_counter()
    with (folder / SAID).open("wb") as out, (folder / LOG).open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, *words],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=log,
            env=dict(environment),
            preexec_fn=_dies_with_parent(),
        )
        try:
            code, cpu_s, peak = _waited(process)
        except BaseException:
            process.terminate()
            process.wait()
            raise
    return Ended(code=code, wall_s=time.perf_counter() - start, cpu_s=cpu_s, peak_rss_mib=peak)


def _waited(process: subprocess.Popen[bytes]) -> tuple[int, float | None, float | None]:
    if not hasattr(os, "wait4"):
        return process.wait(), None, None
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    per_mib = 1 << 20 if sys.platform == "darwin" else 1 << 10  # ru_maxrss is in bytes there, in KiB elsewhere
    return process.returncode, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / per_mib


def _dies_with_parent() -> Callable[[], None] | None:
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None)  # before the fork: nothing may be loaded between it and the new program
    return lambda: libc.prctl(_PARENT_DEATH_SIGNAL, int(signal.SIGKILL)) and None


def last_line(folder: Path) -> str:
    """The last line that a process wrote to its log; empty if none.

    Args:
        folder: As `run_python` took it.

    Returns:
        The line.
    """
    try:
        lines = (folder / LOG).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return next((line.strip() for line in reversed(lines) if line.strip()), "")
