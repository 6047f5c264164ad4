"""The environment that a recipe's commands run in."""

from __future__ import annotations

import os
import sysconfig
from pathlib import Path


def child_environment() -> dict[str, str]:
    """That of this process; scripts find this package, also where it is run from a checkout."""
    import embedrank

    root = str(Path(embedrank.__file__).resolve().parents[1])
    environment = dict(os.environ)
    installed = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    if root not in installed:
        before = environment.get("PYTHONPATH")
        environment["PYTHONPATH"] = root if not before else os.pathsep.join((root, before))
    return environment
