"""Building the kernels with GCC: which compiler, which flags, and a name that tells builds apart.

A build is named by everything that decides it: sources, flags, compiler and processor. So a home folder that machines
share holds one build for each kind of them, and nothing that is stale is ever loaded.

OpenMP is compiled for but not linked: its functions are found in the process, where PyTorch has brought them, so that
both share one set of threads.
"""

from __future__ import annotations

import ctypes
import hashlib
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

SOURCES = Path(__file__).parent
COMPILERS = ("gcc", "cc")
FLAGS = (
    "-std=gnu11",
    "-O3",
    "-march=native",
    "-fPIC",
    "-fopenmp",
    "-ffp-contract=fast",
    "-fno-math-errno",
    "-fno-trapping-math",
)
BUILD_LIMIT_S = 120.0
_CPU_FACTS = ("model name", "flags", "Features", "CPU part")  # of /proc/cpuinfo, on x86 and on ARM
_FIRST_LINES = 3  # of what a failing compiler says


class BuildError(Exception):
    """The kernels cannot be built or loaded here; never reaches a user, who gets plain PyTorch instead."""


def find_compiler(names: Sequence[str] = COMPILERS) -> Path | None:
    """The first compiler on the path.

    Args:
        names: What to look for, best first.

    Returns:
        Its real place, or None.
    """
    found = (shutil.which(name) for name in names)
    return next((Path(place).resolve() for place in found if place), None)


def assets_folder() -> Path:
    """Folder that builds are kept in: the place that Hugging Face's cache has for other packages.

    Returns:
        The folder, made if it was not there.

    Raises:
        OSError: If it cannot be made.
    """
    from huggingface_hub import cached_assets_path

    return cached_assets_path("embedrank", namespace="native")


def has_openmp() -> bool:
    """Whether this process holds the OpenMP functions that GCC's code calls: with PyTorch's wheels for Linux."""
    return platform.system() == "Linux" and hasattr(ctypes.CDLL(None), "GOMP_parallel")


def build_name(compiler: Path) -> str:
    """File name of the library that a compiler would build here.

    Args:
        compiler: The compiler.

    Returns:
        A name with a hash of sources, flags, compiler and processor in it.
    """
    digest = hashlib.sha256("\0".join(FLAGS).encode())
    for source in sorted((*SOURCES.glob("*.c"), *SOURCES.glob("*.h"))):
        digest.update(source.read_bytes())
    status = compiler.stat()
    digest.update(f"{compiler} {status.st_size} {status.st_mtime_ns} {_processor()}".encode())
    return f"kernels-{digest.hexdigest()[:24]}.so"


def build(compiler: Path, target: Path) -> None:
    """Compile and link the kernels; the library appears whole or not at all, whoever else builds it.

    Args:
        compiler: The compiler.
        target: The library to write.

    Raises:
        BuildError: If the compiler fails or takes too long.
        OSError: If the target's folder cannot be written.
    """
    with tempfile.TemporaryDirectory(dir=target.parent, prefix="build-") as folder:
        sources = sorted(SOURCES.glob("*.c"))
        objects = [Path(folder, source.name).with_suffix(".o") for source in sources]
        for source, compiled in zip(sources, objects, strict=True):
            _run([compiler, *FLAGS, "-c", source, "-o", compiled])
        library = Path(folder, target.name)
        _run([compiler, "-shared", "-o", library, *objects])
        library.replace(target)


def _run(command: Sequence[str | Path]) -> None:
    try:
        done = subprocess.run(
            list(map(str, command)), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=BUILD_LIMIT_S
        )
    except subprocess.TimeoutExpired as error:
        raise BuildError(f"{command[0]} took more than {BUILD_LIMIT_S:.0f} s") from error
    if done.returncode != 0:
        raise BuildError(f"{command[0]}: {' '.join(done.stderr.split(chr(10))[:_FIRST_LINES])}")


def _processor() -> str:
    try:
        first, _, _ = Path("/proc/cpuinfo").read_text(encoding="utf-8").partition("\n\n")
    except OSError:
        return platform.processor()
    return "\n".join(line for line in first.splitlines() if line.startswith(_CPU_FACTS))
