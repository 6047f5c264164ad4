"""All texts of some files at once, for commands that need them together."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from embedrank.engine.bulk.input_text import InputText


def read_texts(paths: Sequence[Path], *, jsonl: bool) -> tuple[list[InputText], int]:
    """Read all texts of some files.

    Args:
        paths: Files; `-` or none at all means stdin.
        jsonl: Whether stdin and files of unknown suffix hold JSON objects too.

    Returns:
        The texts, and the number of blank lines left out.

    Raises:
        InvalidInputError: If a file cannot be read, is not UTF-8 text, or a row holds no text.
    """
    from embedrank.engine.bulk.source import TextSource

    source = TextSource(paths, jsonl=jsonl)
    return list(source.rows()), source.num_blank
