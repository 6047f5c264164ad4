"""Word documents: paragraphs and tables in order, with headings as markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from embedrank.core.errors import DocumentReadError
from embedrank.core.types import Document
from embedrank.index.readers.decoding import read_bytes
from embedrank.index.readers.missing import needs

if TYPE_CHECKING:
    from docx.document import Document as WordDocument
    from docx.table import Table
    from docx.text.paragraph import Paragraph


def read(path: Path) -> Iterator[Document]:
    """Yield the file as one document.

    Args:
        path: The file.

    Yields:
        One document titled by its properties.

    Raises:
        DocumentReadError: If it is broken or python-docx is not installed.
    """
    with needs(path, "python-docx"):
        from docx import Document as open_word
    import io

    data = read_bytes(path)
    try:
        word = open_word(io.BytesIO(data))
        text, title = _text(word), word.core_properties.title or ""
    except Exception as error:  # python-docx raises whatever a malformed archive makes it run into
        raise DocumentReadError(path, f"is no readable Word document ({type(error).__name__}: {error})") from error
    yield Document(id=path.as_posix(), text=text, title=title, path=path.as_posix())


def _text(word: WordDocument) -> str:
    from docx.table import Table

    return "\n\n".join(
        _table(block) if isinstance(block, Table) else _paragraph(block) for block in word.iter_inner_content()
    )


def _paragraph(paragraph: Paragraph) -> str:
    style = paragraph.style.name if paragraph.style is not None and paragraph.style.name else ""
    level = re.fullmatch(r"Heading (\d)", style)
    if level and paragraph.text.strip():
        return f"{'#' * min(int(level.group(1)), 6)} {' '.join(paragraph.text.split())}"
    return paragraph.text


def _table(table: Table) -> str:
    return "\n".join("\t".join(cell.text.strip() for cell in row.cells) for row in table.rows)
