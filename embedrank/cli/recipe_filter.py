"""`embedrank recipe filter`: rows of any origin through the filters of synthesis."""

from __future__ import annotations

import json as json_format
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from embedrank.cli import options
from embedrank.cli.console import counter, note, print_json
from embedrank.cli.wiring import wiring_of
from embedrank.core.errors import DatasetError, StorageError


def filter_rows(
    context: typer.Context,
    settings: Annotated[Path, typer.Argument(help="YAML with rows, filters, encoder; see docs/recipe.md.")],
    to: Annotated[Path, typer.Option("--to", "-o", help="File of the rows that are kept, .jsonl.")],
    device: options.Device = None,
    json: options.Json = False,
) -> None:
    """Keep the rows that a chain of filters lets through, and tell why the others were dropped."""
    from embedrank.cli.shared_encoder import SharedEncoder
    from embedrank.core.settings import read_yaml
    from embedrank.synthesis.filters import build_filters
    from embedrank.synthesis.filters.needs import FilterNeeds
    from embedrank.synthesis.refiltering import Kept, refilter, require_row_filters

    asked = read_yaml(settings)
    require_row_filters(asked["filters"])
    name = asked.get("encoder")
    wiring = wiring_of(context, device=device)
    encoder = None if name is None else SharedEncoder(partial(wiring.embedder, name))
    filters = build_filters(asked["filters"], FilterNeeds(encoder=encoder))
    files = [Path(each) for each in (asked["rows"] if isinstance(asked["rows"], list) else [asked["rows"]])]
    counts = Kept()
    fresh = to.with_name(to.name + ".new")
    try:
        with fresh.open("w", encoding="utf-8") as kept, counter("filtering") as tell:
            for row, _ in refilter(_rows(files), filters, counts):
                kept.write(json_format.dumps(row, ensure_ascii=False) + "\n")
                tell(counts.num_read, None)
        fresh.replace(to)
    except OSError as error:
        raise StorageError(to, f"cannot be written: {error.strerror or error}") from error
    if not counts.num_kept:
        raise DatasetError(to, f"no row of {counts.num_read} is left; look at the bounds of the filters")
    dropped = {f"{name}: {reason}": count for (name, reason), count in counts.dropped.most_common()}
    if json:
        print_json({"rows": counts.num_read, "kept": counts.num_kept, "dropped": dropped})
        return
    for reason, count in dropped.items():
        note(f"{count} dropped, {reason}")
    note(f"{counts.num_kept} of {counts.num_read} rows -> {to}")


def _rows(files: Sequence[Path]) -> Iterator[Mapping[str, Any]]:
    from embedrank.core.beir_files import read_objects

    for file in files:
        for path in sorted(file.glob("*.jsonl")) if file.is_dir() else [file]:
            for line, row in read_objects(path):
                if not isinstance(row.get("query"), str):
                    raise DatasetError(path, "a row has no query", line=line)
                yield row
