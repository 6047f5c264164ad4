"""Plain text, markdown and source code: the file as it is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from embedrank.core.types import Document
from embedrank.index.chunking.grammars import is_code
from embedrank.index.readers.decoding import read_text


def read(path: Path) -> Iterator[Document]:
    """Yield the file as one document; code is titled by its file name.

    Args:
        path: The file.

    Yields:
        One document.

    Raises:
        DocumentReadError: If it is no text.
    """
    text, encoding = read_text(path)
    yield Document(
        id=path.as_posix(),
        text=text,
        title=path.name if is_code(path.suffix.lower()) else "",
        path=path.as_posix(),
        metadata={} if encoding.startswith("utf-8") else {"encoding": encoding},
    )
