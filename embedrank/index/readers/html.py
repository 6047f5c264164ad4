"""Web pages: the text that a reader sees, with headings as markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from embedrank.core.errors import DocumentReadError
from embedrank.core.types import Document
from embedrank.index.readers.decoding import decode, read_bytes
from embedrank.index.readers.missing import needs

if TYPE_CHECKING:
    from bs4 import BeautifulSoup

_UNSEEN: Final = ("script", "style", "template", "noscript", "svg", "nav", "head")
_BLOCKS_TEXT: Final = (
    "address article aside blockquote dd details div dl dt fieldset figcaption figure footer form header hr li "
    "main ol p pre section summary table tr ul"
)
_BLOCKS: Final = frozenset(_BLOCKS_TEXT.split())
_HEADINGS: Final = ("h1", "h2", "h3", "h4", "h5", "h6")
_DECLARED: Final = re.compile(rb"<meta[^>]+charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]+)", re.IGNORECASE)


def read(path: Path) -> Iterator[Document]:
    """Yield the page as one document titled by its `title`.

    Args:
        path: The file.

    Yields:
        One document.

    Raises:
        DocumentReadError: If it is no text or beautifulsoup4 is not installed.
    """
    with needs(path, "beautifulsoup4"):
        from bs4 import BeautifulSoup
    soup = BeautifulSoup(_markup(path), "html.parser")
    title = " ".join(soup.title.get_text().split()) if soup.title else ""
    yield Document(id=path.as_posix(), text=_visible(soup), title=title, path=path.as_posix())


def _markup(path: Path) -> str:
    """The page decoded: by what it declares where it is neither marked nor UTF-8."""
    data = read_bytes(path)
    declared = _DECLARED.search(data[:4096])
    if declared and not data.startswith((b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")):
        name = declared.group(1).decode("ascii").lower()
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError:
            try:
                return data.decode({"iso-8859-1": "cp1252", "gb2312": "gb18030", "gbk": "gb18030"}.get(name, name))
            except (UnicodeDecodeError, LookupError):
                raise DocumentReadError(path, f"says it is {name} but is not") from None
    return decode(path, data)[0]


def _visible(soup: BeautifulSoup) -> str:
    for tag in soup.find_all(_UNSEEN):
        tag.decompose()
    for string in soup.find_all(string=True):
        if string.find_parent("pre") is None:
            string.replace_with(re.sub(r"\s+", " ", string))
    for tag in soup.find_all("br"):
        tag.replace_with("\n")
    for tag in soup.find_all(("td", "th")):
        tag.append("\t")
    for tag in soup.find_all(_HEADINGS):
        tag.insert_before("\n\n" + "#" * int(tag.name[1]) + " ")
        tag.insert_after("\n\n")
    for tag in soup.find_all(sorted(_BLOCKS)):
        tag.insert_before("\n\n" if tag.name not in ("li", "tr", "dt", "dd") else "\n")
        tag.insert_after("\n\n" if tag.name not in ("li", "tr", "dt", "dd") else "\n")
    lines = (line.rstrip() for line in soup.get_text().splitlines())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
