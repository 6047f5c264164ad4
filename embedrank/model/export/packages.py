"""What to say when a library that a format needs is not installed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from embedrank.core.errors import MissingPackageError

EXTRA = "export"


@contextmanager
def needs(package: str, purpose: str) -> Iterator[None]:
    """Turn a failed import inside the block into advice.

    Args:
        package: Name of the library on the package index.
        purpose: What asks for it.

    Yields:
        Nothing.

    Raises:
        MissingPackageError: If the import failed.
    """
    try:
        yield
    except ImportError as error:
        raise MissingPackageError(package, purpose=purpose, extra=EXTRA) from error
