"""Reads back the drafts whose rows an earlier beginning of the run has kept, for filters that remember."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from embedrank.core.errors import StorageError
from embedrank.synthesis.block import Wishes, blocks_of
from embedrank.synthesis.draft import Draft
from embedrank.synthesis.lines import read_back
from embedrank.synthesis.output_folder import MADE, ROWS
from embedrank.synthesis.passage import Passage


def kept_drafts(
    folder: Path, passages: Iterable[Passage], wishes: Wishes, *, num_passages: int, size: int
) -> Iterator[list[Draft]]:
    """The kept drafts of the passages that are done, block by block.

    Args:
        folder: The output folder.
        passages: All passages of the run, from its beginning.
        wishes: The plan.
        num_passages: Passages that are done.
        size: Passages to take at a time.

    Yields:
        Drafts with facts and row, in order.

    Raises:
        StorageError: If rows and passages do not belong together.
    """
    with (folder / ROWS).open("rb") as rows, (folder / MADE).open("rb") as made:
        records = ((json.loads(row), json.loads(origin)) for row, origin in zip(rows, made, strict=True))
        due = next(records, None)
        for block in blocks_of(islice(passages, num_passages), wishes, size=size):
            kept = []
            for draft in block.drafts:
                if due is not None and due[1]["key"] == draft.key:
                    kept.append(read_back(draft, *due))
                    due = next(records, None)
            yield kept
    if due is not None:
        problem = (
            f"holds a row for {due[1]['key']}, which the passages do not give any more (begin anew with --restart)"
        )
        raise StorageError(folder / MADE, problem)
