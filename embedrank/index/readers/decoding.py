"""From bytes to text, never to garbled text: what cannot be decoded with good reason is reported."""

from __future__ import annotations

import codecs
import re
import unicodedata
from pathlib import Path
from typing import Final

from embedrank.core.errors import DocumentReadError

MAX_FILE_BYTES: Final = 200 * 1024 * 1024
_SAMPLE_BYTES: Final = 64 * 1024
_MAX_CONTROL_SHARE: Final = 0.02
_CONTROLS: Final = bytes(set(range(32)) - set(b"\t\n\r\f\b\x1b")) + b"\x7f"
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WESTERN: Final = frozenset("àáâäåæçèéêëíîïñòóôöøùúûüßœÀÁÂÄÅÆÇÈÉÊËÍÎÏÑÓÔÖØÙÚÛÜŒ«»“”‘’„–—…•·°§©®€£\xa0¿¡ºª")
_MAX_CHAOS: Final = 0.1
_MIN_SHARE: Final = 0.9
_CONVERT: Final = "convert it, for example: iconv -f latin1 -t utf-8"


def read_bytes(path: Path) -> bytes:
    """Read a file that is not too large.

    Args:
        path: The file.

    Returns:
        Its bytes.

    Raises:
        DocumentReadError: If it is larger than `MAX_FILE_BYTES`.
    """
    size = path.stat().st_size
    if size > MAX_FILE_BYTES:
        raise DocumentReadError(path, f"{size / 2**20:.0f} MB is more than the {MAX_FILE_BYTES // 2**20} MB we read")
    return path.read_bytes()


def read_text(path: Path) -> tuple[str, str]:
    r"""Read a text file in whatever encoding it has.

    Args:
        path: The file.

    Returns:
        Its text with line ends as `\n`, and the name of the encoding.

    Raises:
        DocumentReadError: If the file is binary, too large, or its encoding cannot be told with certainty.
    """
    text, encoding = decode(path, read_bytes(path))
    return text.replace("\r\n", "\n").replace("\r", "\n"), encoding


def decode(path: Path, data: bytes) -> tuple[str, str]:
    """Decode bytes: byte-order mark, UTF-8, then an encoding that explains all bytes and is not one of several.

    Args:
        path: Where they came from, for the error.
        data: The bytes.

    Returns:
        The text and the name of the encoding.

    Raises:
        DocumentReadError: If the bytes are no text or their encoding cannot be told with certainty.
    """
    for mark, name in _MARKS:
        if data.startswith(mark):
            return _strict(path, data, name), name
    if is_binary(data[:_SAMPLE_BYTES]):
        raise DocumentReadError(path, "binary file")
    try:
        return data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError as error:
        if error.start > _SAMPLE_BYTES and data[:_SAMPLE_BYTES].isascii() is False:
            raise DocumentReadError(path, f"is UTF-8 up to byte {error.start} and broken there") from error
    if (text := _as_western(data)) is not None:
        return text, "cp1252"
    return _detected(path, data)


def is_binary(sample: bytes) -> bool:
    """Whether the first bytes of a file without byte-order mark show that it is no text."""
    controls = len(sample) - len(sample.translate(None, _CONTROLS))
    return b"\0" in sample or controls > len(sample) * _MAX_CONTROL_SHARE


def _strict(path: Path, data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise DocumentReadError(path, f"begins as {encoding} but is broken at byte {error.start}") from error


def _as_western(data: bytes) -> str | None:
    """Windows-1252, where every letter is one that western European languages use and stands mostly alone."""
    try:
        text = data.decode("cp1252")
    except UnicodeDecodeError:
        return None
    high = [character for character in text if ord(character) > 127]
    runs = re.findall(rb"[\x80-\xff]{3,}", data)
    plausible = all(character in _WESTERN for character in high) and sum(map(len, runs)) < len(high) / 5
    return text if plausible else None


def _detected(path: Path, data: bytes) -> tuple[str, str]:
    """What charset-normalizer finds, where the script leaves no choice; Latin letters fit too many encodings."""
    try:
        from charset_normalizer import from_bytes
    except ImportError:
        raise DocumentReadError(
            path, f"is not UTF-8; {_CONVERT}, or install the detector: pip install 'embedrank[ingest]'"
        ) from None
    best = from_bytes(data[:_SAMPLE_BYTES]).best() or from_bytes(data).best()
    if best is None or best.chaos > _MAX_CHAOS:
        raise DocumentReadError(path, f"is not UTF-8 and its encoding cannot be told; {_CONVERT}")
    try:
        text = data.decode(best.encoding)
    except UnicodeDecodeError:
        raise DocumentReadError(path, f"is not UTF-8 and not {best.encoding} throughout; {_CONVERT}") from None
    letters = [character for character in text if ord(character) > 127 and character.isalpha()]
    others = sum("LATIN" not in unicodedata.name(character, "LATIN") for character in letters)
    if not letters or others < _MIN_SHARE * len(letters):
        raise DocumentReadError(
            path, f"is not UTF-8; {best.encoding} is one of several encodings it may be; {_CONVERT}"
        )
    return text, best.encoding
