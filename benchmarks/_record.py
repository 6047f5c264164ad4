"""Run benchmarks one after another and write what they print to benchmarks/RESULTS.md, with machine and versions.

python benchmarks/_record.py SCRIPT...
"""

from __future__ import annotations

import platform
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import torch

RESULTS = Path(__file__).with_name("RESULTS.md")
PACKAGES = ("torch", "transformers", "sentence-transformers", "openvino", "onnxruntime", "torchao", "ray")


def run(script: Path) -> tuple[str, int]:
    """Run one benchmark, showing its output as it comes.

    Args:
        script: The file.

    Returns:
        What it printed, and its exit code.
    """
    lines: list[str] = []
    process = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    for line in process.stdout:
        print(line, end="", flush=True)
        lines.append(line)
    return "".join(lines), process.wait()


def machine() -> str:
    """Processor, cores, versions and commit, as a Markdown list."""
    processor, cpuinfo = platform.processor(), Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        rows = dict(line.split(":", 1) for line in cpuinfo.read_text().splitlines() if ":" in line)
        processor = next((value.strip() for name, value in rows.items() if name.strip() == "model name"), processor)
    tiles = "with" if torch.cpu._is_amx_tile_supported() else "without"
    found = [f"{name} {_version(name)}" for name in PACKAGES if _version(name)]
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True).stdout.strip()
    return (
        f"- machine: {processor}, {tiles} AMX, {torch.get_num_threads()} threads\n"
        f"- versions: Python {platform.python_version()}, {', '.join(found)}\n"
        f"- commit: {commit}\n"
    )


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def main() -> None:
    """Run the scripts named on the command line; a failed one is written down as failed, and the rest still run."""
    parts, failed = [f"# Results\n\nWritten by `make bench`; ratios count, seconds do not.\n\n{machine()}"], []
    for script in map(Path, sys.argv[1:]):
        print(f"== {script}", flush=True)
        output, code = run(script)
        if code:
            failed.append(script.name)
            output += f"(ended with exit code {code})\n"
        parts.append(f"\n## {script.stem}\n\n```\n{output.rstrip()}\n```\n")
        RESULTS.write_text("".join(parts), encoding="utf-8")
    sys.exit(f"failed: {', '.join(failed)}" if failed else 0)


if __name__ == "__main__":
    main()
