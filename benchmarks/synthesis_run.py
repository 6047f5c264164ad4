"""Synthesis as a user runs it: accounts, memory, kills, reruns.

    python benchmarks/synthesis_run.py [--corpus FOLDER] [--extractive 5000] [--endpoint 1000] [--kills 3]

First passages through the extractive generator, with the memory of the process after each block. Then passages through
a local server that misbehaves (429, 500, hang, lost connections, broken replies, cut JSON, prose, wrong keys and
languages, duplicates, refusals): a whole run; the same killed with SIGKILL some times and ended, which must give the
same bytes; the same run once more, and all anew, which must ask nothing. Rates depend on the machine.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[1]
FILES = ("rows.jsonl", "made.jsonl", "dropped.jsonl")
SETTINGS = """
passages: {{corpus: ["{corpus}"], lang: en}}
plan: {{negatives: 3}}
generator:
  {{kind: openai, model: test, base_url: "{url}", concurrency: 16, timeout_s: 5, retry: {{base_s: 0.05, max_s: 1}}}}
encoder: null
limit: {limit}
"""


def main() -> None:
    """Run both parts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, default=REPOSITORY / "embedrank" / "data" / "demo" / "corpus.jsonl")
    parser.add_argument("--extractive", type=int, default=5000)
    parser.add_argument("--endpoint", type=int, default=1000)
    parser.add_argument("--kills", type=int, default=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="embedrank-synthesis-") as folder:
        options = ("--limit", given.extractive, "--set", "passages.lang=en")
        tell("extractive", watched(Path(folder) / "extractive", given.corpus, *options))
        with server() as url:
            settings = Path(folder) / "run.yaml"
            settings.write_text(SETTINGS.format(corpus=given.corpus.resolve(), url=url, limit=given.endpoint))
            endpoint(Path(folder), settings, url, num_kills=given.kills)


def endpoint(folder: Path, settings: Path, url: str, *, num_kills: int) -> None:
    """The part with the server."""
    whole, killed = folder / "whole", folder / "killed"
    tell("endpoint", watched(whole, settings))
    print(f"the server said {said(url)}")
    for number in range(num_kills):
        run = started(killed, settings)
        target = num_blocks(killed) + 2
        while num_blocks(killed) < target and run.poll() is None:
            time.sleep(0.02)
        time.sleep(0.2 * number)
        os.kill(run.pid, signal.SIGKILL)
        run.communicate()
        print(f"killed after {num_blocks(killed)} blocks")
    watched(killed, settings)
    print(f"killed and ended: {'the same bytes' if same(whole, killed) else 'OTHER BYTES'}")
    before = sum(said(url).values())
    watched(killed, settings)
    print(f"begun again: {sum(said(url).values()) - before} requests")
    watched(killed, settings, "--restart")
    alike = "the same bytes" if same(whole, killed) else "OTHER BYTES"
    print(f"all anew with what was paid for: {sum(said(url).values()) - before} requests, {alike}")


def started(to: Path, *arguments: object) -> subprocess.Popen[str]:
    """A run in a process of its own."""
    command = [sys.executable, "-m", "embedrank", "synth", *map(str, arguments), "--to", str(to), "--json"]
    return subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def watched(to: Path, *arguments: object) -> dict[str, Any]:
    """A run to its end; what it says, and under `memory` MiB in RAM by blocks written."""
    run, memory, began = started(to, *arguments), {}, time.monotonic()
    while run.poll() is None:
        memory[num_blocks(to)] = resident_mib(run.pid)
        time.sleep(0.1)
    out, err = run.communicate()
    if run.returncode:
        raise SystemExit(err)
    told: dict[str, Any] = json.loads(out)
    return {**told, "memory": memory, "wall_s": time.monotonic() - began}


def tell(name: str, told: dict[str, Any]) -> None:
    """Print what a run says."""
    accounts, run = told["accounts"], told["run"]
    print(
        f"{name}: {accounts['passages']} passages, {accounts['drafts']} wished = {accounts['kept']} kept + "
        f"{accounts['dropped']} dropped ({'adds up' if accounts['adds_up'] else 'DOES NOT ADD UP'}); "
        f"{run['seconds']:.1f} s of {told['wall_s']:.1f} s, {run['requests']} requests answered"
    )
    print(f"  dropped: {told['dropped']}")
    blocks = [(number, mib) for number, mib in told["memory"].items() if number > 0]
    shown = blocks[:: max(len(blocks) // 8, 1)]
    print("  MiB by block: " + ", ".join(f"{number}: {mib}" for number, mib in shown))


def same(one: Path, other: Path) -> bool:
    """Whether the files of two runs hold the same bytes."""
    return all((one / name).read_bytes() == (other / name).read_bytes() for name in FILES)


def num_blocks(folder: Path) -> int:
    """Blocks that the ledger of a run counts; -1 before there is one."""
    ledger = folder / "ledger.jsonl"
    return ledger.read_bytes().count(b"\n") - 1 if ledger.exists() else -1


def resident_mib(pid: int) -> int:
    """Memory of a process; 0 where it is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return next((int(line.split()[1]) // 1024 for line in lines if line.startswith("VmRSS:")), 0)


@contextmanager
def server() -> Iterator[str]:
    """The misbehaving server of the tests, in a process of its own."""
    command = [sys.executable, "-m", "tests.synthesis.misbehaving_server", "--delay-s", "0.02"]
    process = subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.kill()
        process.communicate()


def said(url: str) -> dict[str, int]:
    """What the server said how often."""
    with urllib.request.urlopen(url) as reply:
        counts: dict[str, int] = json.loads(reply.read())
    return counts


if __name__ == "__main__":
    main()
