"""`embedrank serve` as a child of a benchmark, on a loopback port that is free."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_ENDS_WITHIN_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """A running server.

    Attributes:
        port: Where it listens on 127.0.0.1.
        pid: Its process.
    """

    port: int
    pid: int

    def memory_mib(self, field: str = "VmRSS") -> float:
        """One figure of the server's memory, as `/proc/PID/status` names it, MiB."""
        for line in Path(f"/proc/{self.pid}/status").read_text(encoding="utf-8").splitlines():
            if line.startswith(f"{field}:"):
                return int(line.split()[1]) / 1024
        raise OSError(f"no {field} in /proc/{self.pid}/status")

    def processor_s(self) -> float:
        """Processor time that the server has used so far, seconds."""
        fields = Path(f"/proc/{self.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")  # user and system


@contextmanager
def serving(options: Sequence[str], *, log: Path) -> Iterator[Child]:
    """Start a server, and end it as an operator would.

    Args:
        options: Of `embedrank serve`, without the port.
        log: File that its log goes to.

    Yields:
        The server, ready.

    Raises:
        RuntimeError: If it does not start, or had to be killed.
    """
    command = [sys.executable, "-m", "embedrank", "serve", "--port", "0", *options]
    with log.open("w") as lines, subprocess.Popen(command, stdout=subprocess.PIPE, stderr=lines, text=True) as process:
        try:
            assert process.stdout is not None
            said = process.stdout.readline()
            found = re.search(r"http://127\.0\.0\.1:(\d+)", said)
            if found is None:
                raise RuntimeError(f"the server did not start: {said or log.read_text()}")
            yield Child(port=int(found.group(1)), pid=process.pid)
            process.terminate()
            process.wait(_ENDS_WITHIN_S)
        finally:
            process.kill()


def errors_in(log: Path) -> list[str]:
    """Messages of a server's log that are errors."""
    lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    return [line["message"] for line in lines if line["level"] == "error"]
