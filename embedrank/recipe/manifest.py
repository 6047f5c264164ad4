"""What a finished step tells of itself; the file is written last, so that its being there means that all is there."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

from embedrank.core.durable import replace_durably
from embedrank.core.errors import StorageError

MANIFEST: Final = "manifest.json"
_LIBRARIES: Final = ("embedrank", "torch", "numpy", "tokenizers", "safetensors")


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """A finished step.

    Attributes:
        step: Its name.
        kind: Its kind.
        key: Hash of everything that decides its result.
        settings: As the recipe says them.
        seed: Of its draws.
        inputs: Reference to digest.
        code: File of code beside the recipe to digest.
        outputs: Name to path below the step's folder and digest.
        command: Words of the command.
        wall_s: Seconds that the command took, the last time it was begun.
        cpu_s: Seconds of processors that it took then; None where the system does not tell.
        attempts: How often it was begun, kills and failures included.
        peak_rss_mib: Largest memory of its process, in MiB; None where the system does not tell.
        versions: Of Python and of the libraries that decide results.
    """

    step: str
    kind: str
    key: str
    settings: Mapping[str, Any]
    seed: int
    inputs: Mapping[str, str]
    code: Mapping[str, str]
    outputs: Mapping[str, Mapping[str, str]]
    command: Sequence[str]
    wall_s: float
    cpu_s: float | None
    attempts: int
    peak_rss_mib: float | None
    versions: Mapping[str, str]

    def write(self, folder: Path) -> None:
        """Write it, in one piece.

        Args:
            folder: Of the step.

        Raises:
            StorageError: If it cannot be written.
        """
        try:
            replace_durably(folder / MANIFEST, json.dumps(asdict(self), ensure_ascii=False, indent=1) + "\n")
        except OSError as error:
            raise StorageError(folder, f"cannot be written: {error.strerror or error}") from error


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest of a step.

    Args:
        folder: Of the step.

    Returns:
        None where the step is not finished, or an output of it is gone.

    Raises:
        StorageError: If it is damaged.
    """
    path = folder / MANIFEST
    if not path.is_file():
        return None
    try:
        manifest = Manifest(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise StorageError(path, f"is damaged; delete it, and the step runs again ({error})") from error
    return manifest if all((folder / each["path"]).exists() for each in manifest.outputs.values()) else None


def versions() -> dict[str, str]:
    """Versions of Python and of the libraries that decide results."""
    found = {"python": platform.python_version()}
    for name in _LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
