"""A BEIR set, read and cut down as the command line asks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from embedrank.evaluation.beir import BeirSet

WHOLE_CORPUS: Final = "all"


def load(
    folder: Path,
    split: str,
    *,
    corpus_prefix: str | None,
    max_queries: int | None,
    seed: int,
    unanswerable: bool = False,
) -> BeirSet:
    """Read a split and cut it as asked.

    Args:
        folder: The BEIR folder.
        split: Name of the qrels file.
        corpus_prefix: What ids must start with; `all` for the whole corpus; None for what all judged ids share.
        max_queries: Size of the sample; None for all queries.
        seed: Of the sample.
        unanswerable: Whether queries with irrelevant judgements only stay.

    Returns:
        The set, which tells what was cut.
    """
    from embedrank.evaluation.beir import load_beir
    from embedrank.evaluation.subset import sample_queries, shared_prefix, with_prefix

    dataset = load_beir(folder, split, unanswerable=unanswerable)
    prefix = shared_prefix(dataset) if corpus_prefix is None else corpus_prefix
    if prefix and prefix != WHOLE_CORPUS:
        dataset = with_prefix(dataset, prefix)
    return dataset if max_queries is None else sample_queries(dataset, max_queries, seed=seed)


def beir_title(dataset: BeirSet) -> str:
    """Heading of a table about a BEIR set."""
    sizes = f"{len(dataset.queries)} queries, {len(dataset.documents)} documents"
    return f"{dataset.folder.name} {dataset.split}: {sizes}"
