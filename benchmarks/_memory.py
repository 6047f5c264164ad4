"""What the kernel tells of this process's memory."""

from __future__ import annotations

from pathlib import Path


def memory_mib(field: str) -> float:
    """One figure of this process.

    Args:
        field: As `/proc/self/status` names it: `VmRSS` (in RAM), `VmHWM` (its peak), `RssAnon` (belongs to no file) ...

    Returns:
        MiB.
    """
    for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) / 1024
    raise OSError(f"no {field} in /proc/self/status")
