"""Hugging Face `datasets`: a folder written by `save_to_disk`, a name on a hub, or a dataset in memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from embedrank.core.errors import DatasetError, MissingPackageError
from embedrank.training.data.record import Malformed, Record
from embedrank.training.data.source import SourceConfig

_ROWS_AT_ONCE: Final = 1024


def read(path: Path, source: SourceConfig) -> Iterator[Record | Malformed]:
    """Read a folder that `save_to_disk` wrote.

    Args:
        path: The folder.
        source: Names the split, where there are several.

    Yields:
        One record for each row.

    Raises:
        DatasetError: If it cannot be read.
    """
    try:
        dataset = _library().load_from_disk(str(path))
    except (OSError, ValueError) as error:
        raise DatasetError(path, f"cannot be read as a dataset: {_first_line(error)}") from error
    yield from records_of(dataset, str(path), source)


def read_hub(name: str, source: SourceConfig) -> Iterator[Record | Malformed]:
    """Stream a set from a hub, without keeping it.

    Args:
        name: Its name, such as `owner/name`.
        source: Names split, subset and revision.

    Yields:
        One record for each row.

    Raises:
        DatasetError: If it cannot be had.
    """
    try:
        dataset = _library().load_dataset(
            name, source.subset, split=source.split, revision=source.revision, streaming=True
        )
    except Exception as error:  # network, names, scripts: the library raises of every kind
        raise DatasetError(name, f"cannot be had from the hub: {_first_line(error)}") from error
    yield from records_of(dataset, name, source)


def records_of(dataset: Any, name: str, source: SourceConfig) -> Iterator[Record | Malformed]:
    """Rows of a dataset; class numbers become class names.

    Args:
        dataset: A dataset, or several by split.
        name: What to call it in errors.
        source: Names the split and columns to leave alone.

    Yields:
        One record for each row.

    Raises:
        DatasetError: If there is no such split.
    """
    if isinstance(dataset, dict):
        if source.split not in dataset:
            raise DatasetError(name, f"no split {source.split!r}; there are {', '.join(sorted(dataset))}")
        dataset = dataset[source.split]
    features = dataset.features or {}
    classes = {column: kind.names for column, kind in features.items() if getattr(kind, "names", None)}
    ignored = [column for column in features if column in source.ignore]
    row = 0
    for batch in dataset.with_format(None).remove_columns(ignored).iter(batch_size=_ROWS_AT_ONCE):
        columns = {column: _named(values, classes.get(column)) for column, values in batch.items()}
        for values in zip(*columns.values(), strict=True):
            row += 1
            yield Record(line=row, fields=dict(zip(columns, values, strict=True)))


def _named(values: list[Any], names: list[str] | None) -> list[Any]:
    """Class names in place of class numbers; -1 and None stand for no class."""
    if names is None:
        return values
    return [names[value] if isinstance(value, int) and value >= 0 else None for value in values]


def _library() -> Any:
    try:
        import datasets
    except ImportError as error:
        raise MissingPackageError("datasets", purpose="reading Hugging Face datasets", extra="training") from error
    return datasets


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
