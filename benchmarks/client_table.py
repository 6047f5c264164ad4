"""Which client gets an answer to which call: the snippets of docs/clients.md, run against a live `embedrank serve`.

python benchmarks/client_table.py [--url http://localhost:8000]

Prints a Markdown table. A snippet whose package is not installed is listed as such.
"""

from __future__ import annotations

import argparse
import ast
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import packages_distributions, version
from importlib.util import find_spec
from pathlib import Path

import httpx

PAGE = Path(__file__).resolve().parents[1] / "docs" / "clients.md"
PATIENCE_S = 300.0  # imports of torch take long on a machine that is busy
# Hugging Face's client sends nothing at all where this is set; Haystack's counts its users where that is not.
ENVIRONMENT = {"HF_HUB_OFFLINE": "0", "HAYSTACK_TELEMETRY_ENABLED": "False"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A line of the table.

    Attributes:
        client: Package.
        versions: Of the packages that the snippet imports.
        calls: What it calls.
        result: What came of it.
    """

    client: str
    versions: str
    calls: str
    result: str


def main() -> None:
    """Start a server unless one is named, run every snippet in a process of its own, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", help="A server that runs already, with models of the name nano.")
    url = parser.parse_args().url
    with served() if url is None else named(url) as address:
        rows = [row_of(snippet, address) for snippet in snippets()]
    print("| client | version | calls | result |\n|---|---|---|---|")
    for row in rows:
        print(f"| {row.client} | {row.versions} | {row.calls} | {row.result} |")
    failed = [row for row in rows if row.result.startswith("fails")]
    print(f"\n{len(rows)} snippets: {sum(row.result == 'answered' for row in rows)} answered, {len(failed)} failed")
    sys.exit(1 if failed else 0)


def snippets() -> list[str]:
    """The Python blocks of the page."""
    return re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def row_of(snippet: str, url: str) -> Row:
    """Run one snippet.

    Args:
        snippet: Its code; the first line names the client and the calls.
        url: Where the server is.

    Returns:
        Its line.
    """
    client, calls = snippet.splitlines()[0].removeprefix("# ").split(": ", 1)
    modules = sorted(set(imported(snippet)))
    missing = [module for module in modules if not is_there(module)]
    if missing:
        return Row(client=client, versions="", calls=calls, result=f"not tried: {missing[0]} is not installed")
    code = snippet.replace("http://localhost:8000", url)
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, **ENVIRONMENT}, capture_output=True, text=True, check=False
    )
    last = (done.stderr.strip().splitlines() or ["no message"])[-1]
    result = "answered" if done.returncode == 0 else f"fails: {last}"
    return Row(client=client, versions=told_versions(modules), calls=calls, result=result)


def imported(snippet: str) -> Iterator[str]:
    """Modules that a snippet imports."""
    for node in ast.walk(ast.parse(snippet)):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
        elif isinstance(node, ast.Import):
            yield node.names[0].name


def is_there(module: str) -> bool:
    """Whether a module can be imported."""
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def told_versions(modules: list[str]) -> str:
    """Versions of the distributions that modules belong to; namespaces of many are left out."""
    owners = packages_distributions()
    names = {owners[root][0] for root in (module.split(".")[0] for module in modules) if len(owners.get(root, [])) == 1}
    return ", ".join(f"{name} {version(name)}" for name in sorted(names))


@contextmanager
def named(url: str) -> Iterator[str]:
    """A server that runs already."""
    yield url.rstrip("/")


@contextmanager
def served() -> Iterator[str]:
    """A server of the bundled models on a free port, ended in the end."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "embedrank", "serve", "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until_ready(f"http://127.0.0.1:{port}", process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(PATIENCE_S)


def wait_until_ready(url: str, process: subprocess.Popen[bytes]) -> None:
    """Return when a server takes requests.

    Args:
        url: Where it will be.
        process: What it runs in.

    Raises:
        SystemExit: If it ended, or takes too long.
    """
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end and process.poll() is None:
        with suppress(httpx.TransportError):
            if httpx.get(f"{url}/ready").status_code == httpx.codes.OK:
                return
        time.sleep(0.1)
    raise SystemExit("the server did not start")


if __name__ == "__main__":
    main()
