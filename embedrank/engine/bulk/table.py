"""Texts out of the columns of a parquet file, a piece at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from embedrank.core.errors import InvalidInputError
from embedrank.engine.bulk.input_text import Fields, InputText, first_of, input_text

_ROWS_AT_ONCE: Final = 1024


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not path.exists():
        raise InvalidInputError(str(path), "no such file")
    try:
        # Without pre-buffering a row group is read page by page, however large it is.
        with pq.ParquetFile(path, pre_buffer=False, buffer_size=1 << 20) as file:
            yield file
    except (pa.ArrowException, OSError) as error:
        raise InvalidInputError(str(path), f"cannot be read as parquet: {str(error).splitlines()[0]}") from error


def num_rows_of(path: Path) -> int:
    """Rows of a parquet file, from its footer."""
    with _opened(path) as file:
        return int(file.metadata.num_rows)


def texts_of_table(path: Path, fields: Fields, *, skip: int, first_number: int) -> Iterator[InputText]:
    """The texts of a parquet file.

    Args:
        path: The file.
        fields: Columns of text, id and title.
        skip: Rows at the beginning to leave out.
        first_number: Number of the first row that is read, from 1 over the whole input.

    Yields:
        One text for each row.

    Raises:
        InvalidInputError: If it is no parquet file, has no such column, or a row has no text.
    """
    with _opened(path) as file:
        names = file.schema_arrow.names
        text, name, title = (first_of(wanted, names) for wanted in (fields.text, fields.id, fields.title))
        if text is None:
            problem = f"has no column {' or '.join(fields.text)}, but {', '.join(names)}"
            raise InvalidInputError(str(path), problem, hint="name it with --text-field")
        columns = [column for column in (text, name, title) if column is not None]
        for first_row, batch in _batches(file, columns, skip):
            cells = batch.to_pydict()
            for place, cell in enumerate(cells[text]):
                row = first_row + place
                yield input_text(
                    cell,
                    id=name and cells[name][place],
                    title=title and cells[title][place],
                    number=first_number + row - skip,
                    where=f"{path} row {row + 1}",
                )


def _batches(file: Any, columns: list[str], skip: int) -> Iterator[tuple[int, Any]]:
    """Pieces of the rows from `skip` on, each with the number of its first row; row groups before it are not read."""
    row, group, num_groups = 0, 0, file.num_row_groups
    while group < num_groups and row + file.metadata.row_group(group).num_rows <= skip:
        row += file.metadata.row_group(group).num_rows
        group += 1
    groups = list(range(group, num_groups))
    for batch in file.iter_batches(batch_size=_ROWS_AT_ONCE, columns=columns, row_groups=groups):
        passed = min(max(skip - row, 0), batch.num_rows)
        if passed < batch.num_rows:
            yield row + passed, batch.slice(passed)
        row += batch.num_rows
