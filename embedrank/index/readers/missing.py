"""What to say when the library that reads a format is not installed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from embedrank.core.errors import DocumentReadError


@contextmanager
def needs(path: Path, library: str) -> Iterator[None]:
    """Turn a failed import inside the block into advice.

    Args:
        path: The file that could not be read.
        library: Name of the library on the package index.

    Yields:
        Nothing.

    Raises:
        DocumentReadError: If the import failed.
    """
    try:
        yield
    except ImportError:
        raise DocumentReadError(path, f'reading it needs {library}: pip install "embedrank[ingest]"') from None
