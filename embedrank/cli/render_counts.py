"""What a training run read, cut and left out, in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from embedrank.training.stages.run import StageReport


def count_lines(report: StageReport) -> Iterator[str]:
    """One line for everything that was cut, left out or put off.

    Args:
        report: Of a run.

    Yields:
        Such as `faq: 12 of 3,000 documents were cut to the longest that is read`.
    """
    for source, texts in report.texts.items():
        for kind, cut, read in (
            ("queries", texts.cut_queries, texts.num_queries),
            ("documents", texts.cut_documents, texts.num_documents),
        ):
            if cut:
                yield f"{source}: {cut:,} of {read:,} {kind} were cut to the longest that is read"
    for source, rows in report.given.items():
        yield f"{source}: {rows.num_given:,} rows in batches, {rows.epoch} epochs completed"
        for count, what in (
            (rows.num_dropped, "rows left out at the ends of epochs, where they filled no batch"),
            (rows.num_deferred, "times a row was put off because it shared a text with its batch"),
            (rows.num_waiting, "rows put off that still wait"),
        ):
            if count:
                yield f"{source}: {count:,} {what}"
    for source, count in report.short.items():
        if count:
            yield f"{source}: {count:,} batches smaller than asked, since too many rows share a text"
