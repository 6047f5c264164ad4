"""PDF: the text layer, page by page."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from embedrank.core.errors import DocumentReadError
from embedrank.core.types import Document
from embedrank.index.readers.decoding import read_bytes
from embedrank.index.readers.missing import needs

if TYPE_CHECKING:
    from pypdf import PdfReader


def read(path: Path) -> Iterator[Document]:
    """Yield the file as one document.

    Args:
        path: The file.

    Yields:
        One document, pages parted by blank lines.

    Raises:
        DocumentReadError: If it is broken, locked, has no text layer, or pypdf is not installed.
    """
    with needs(path, "pypdf"):
        from pypdf import PdfReader
    import io

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    data = read_bytes(path)
    try:
        title, pages = _contents(PdfReader(io.BytesIO(data)))
    except Exception as error:  # pypdf raises whatever a malformed file makes it run into
        raise DocumentReadError(path, f"is no readable PDF ({type(error).__name__}: {error})") from error
    if not any(page.strip() for page in pages):
        raise DocumentReadError(path, "has no text layer (scanned pages?)")
    yield Document(id=path.as_posix(), text="\n\n".join(pages), title=title, path=path.as_posix())


def _contents(reader: PdfReader) -> tuple[str, list[str]]:
    if reader.is_encrypted and not reader.decrypt(""):
        raise ValueError("locked by a password")
    title = (reader.metadata.title if reader.metadata else None) or ""
    pages = [page.extract_text().encode("utf-8", "replace").decode("utf-8") for page in reader.pages]
    return " ".join(str(title).split()), pages
