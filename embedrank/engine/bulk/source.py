"""The input of a run: several files one after another, or stdin, read as one stream of rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from embedrank.core.errors import InvalidInputError
from embedrank.engine.bulk.input_text import Fields, InputText, input_text
from embedrank.engine.bulk.lines import STDIN, lines_of, shown, text_of_json
from embedrank.engine.bulk.table import num_rows_of, texts_of_table

_JSON_LINES: Final = frozenset({".jsonl", ".ndjson"})


class TextSource:
    """Files that are read one after another, and never as a whole.

    Attributes:
        num_rows: Rows passed so far, skipped ones included.
        num_blank: Blank lines left out so far.
    """

    def __init__(self, paths: Sequence[Path], *, jsonl: bool = False, fields: Fields | None = None) -> None:
        """Name the files; nothing is read yet.

        Args:
            paths: Files; `-` or none at all means stdin.
            jsonl: Whether stdin and files of unknown suffix hold JSON objects.
            fields: Where text, id and title stand.
        """
        self.paths = tuple(paths) or (STDIN,)
        self.num_rows = 0
        self.num_blank = 0
        self._jsonl = jsonl
        self._fields = fields or Fields()
        self._done_bytes = 0
        self._here_bytes = 0
        self._exact_total: int | None = None

    @property
    def can_be_read_again(self) -> bool:
        """Whether a later run finds the same texts; not so with stdin or a pipe."""
        return all(path != STDIN and path.is_file() for path in self.paths)

    @property
    def counts_rows(self) -> bool:
        """Whether `total` is exact: tables say how many rows they have."""
        return all(path.suffix == ".parquet" for path in self.paths)

    def stamps(self) -> list[list[object]]:
        """Path, size and time of change of each file: what tells that the input is still the same.

        Returns:
            One list for each file.

        Raises:
            InvalidInputError: If a file is not there.
        """
        return [_stamp(path) for path in self.paths]

    def settings(self) -> dict[str, object]:
        """How rows are read, as JSON values."""
        fields = self._fields
        return {
            "jsonl": self._jsonl,
            "text_field": list(fields.text),
            "id_field": list(fields.id),
            "title_field": list(fields.title),
        }

    def rows(self, skip: int = 0) -> Iterator[InputText]:
        """Read the input.

        Args:
            skip: Rows at the beginning to pass over.

        Yields:
            The rows, in order.

        Raises:
            InvalidInputError: If a file cannot be read, is not UTF-8 text, or a row holds no text.
        """
        self.num_rows = self.num_blank = self._done_bytes = 0
        for path in self.paths:
            self._here_bytes = 0
            yield from self._table(path, skip) if path.suffix == ".parquet" else self._lines(path, skip)
            self._done_bytes += _size(path)
        self._here_bytes = 0

    def total(self) -> int | None:
        """Rows of the whole input: exact for parquet, by the bytes read so far for lines, None where unknown."""
        if not self.can_be_read_again:
            return None
        if self._exact_total is None and self.counts_rows:
            self._exact_total = sum(num_rows_of(path) for path in self.paths)
        if self._exact_total is not None:
            return self._exact_total
        whole, read = sum(_size(path) for path in self.paths), self._done_bytes + self._here_bytes
        return round(self.num_rows * whole / read) if read else None

    def _lines(self, path: Path, skip: int) -> Iterator[InputText]:
        kind = path.with_suffix("").suffix if path.suffix == ".gz" else path.suffix
        is_json = self._jsonl or kind in _JSON_LINES
        for number, line in enumerate(lines_of(path, self._tell), start=1):
            if not line.strip():
                self.num_blank += 1
                continue
            self.num_rows += 1
            if self.num_rows <= skip:
                continue
            where = f"{shown(path)} line {number}"
            if is_json:
                yield text_of_json(line, self._fields, number=self.num_rows, where=where)
            else:
                yield input_text(line.rstrip("\r\n"), id=None, title=None, number=self.num_rows, where=where)

    def _table(self, path: Path, skip: int) -> Iterator[InputText]:
        num_rows, size = num_rows_of(path), _size(path)
        passed = min(max(skip - self.num_rows, 0), num_rows)
        self.num_rows += passed
        for row in texts_of_table(path, self._fields, skip=passed, first_number=self.num_rows + 1):
            self.num_rows += 1
            passed += 1
            self._here_bytes = size * passed // num_rows
            yield row

    def _tell(self, num_bytes: int) -> None:
        self._here_bytes = num_bytes


def _size(path: Path) -> int:
    return 0 if path == STDIN else path.stat().st_size


def _stamp(path: Path) -> list[object]:
    if path == STDIN:
        return ["stdin", 0, 0]
    try:
        facts = path.stat()
    except FileNotFoundError:
        raise InvalidInputError(str(path), "no such file") from None
    return [str(path.resolve()), facts.st_size, facts.st_mtime_ns]
