"""The classes of labelled sets: what classification rows have as wrong labels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from embedrank.synthesis.passage import Passage


def labels_of(passages: Iterable[object]) -> Mapping[str, tuple[str, ...]]:
    """All labels of each set, in alphabetical order.

    Args:
        passages: All passages of a run; anything else among them is passed over.

    Returns:
        Labels by name of the set; sets without labels are left out.
    """
    found: dict[str, set[str]] = {}
    for passage in passages:
        if isinstance(passage, Passage) and passage.label is not None:
            found.setdefault(passage.source, set()).add(passage.label)
    return {source: tuple(sorted(labels)) for source, labels in found.items()}
