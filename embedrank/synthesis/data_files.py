"""The data files of synthesis that ship with the package: prompts, personas, names of languages, question forms."""

from __future__ import annotations

from importlib import resources
from pathlib import Path


def data_file(*names: str) -> Path:
    """Path of a file that ships with the package.

    Args:
        *names: Folders and file below `embedrank/data/synthesis`.

    Returns:
        The path; nothing is opened.
    """
    return Path(str(resources.files("embedrank"))).joinpath("data", "synthesis", *names)
