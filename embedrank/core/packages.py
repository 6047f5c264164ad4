"""What to say when a library that is not part of a plain installation is missing."""

from __future__ import annotations

import importlib.util

from embedrank.core.errors import MissingPackageError


def is_installed(package: str) -> bool:
    """Whether a library can be imported."""
    return importlib.util.find_spec(package) is not None


def require_packages(purpose: str, *packages: str, extra: str) -> None:
    """Refuse early, before anything is read or written.

    Args:
        purpose: What asks for them.
        *packages: Names by which they are imported, which here are those of the package index too.
        extra: The extra of this package that brings them.

    Raises:
        MissingPackageError: If one of them is not installed.
    """
    for package in packages:
        if not is_installed(package):
            raise MissingPackageError(package, purpose=purpose, extra=extra)
