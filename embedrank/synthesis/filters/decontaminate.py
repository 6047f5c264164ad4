"""Drops rows that hold texts of evaluation sets, whole or in part."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from embedrank.core.errors import ConfigError
from embedrank.core.evaluation_set import read_evaluation_set, text_digest, window_hashes
from embedrank.synthesis.draft import Draft, SyntheticRow
from embedrank.synthesis.filters.bounds import check_whole, check_within
from embedrank.synthesis.filters.filter import Verdict, drop, keep
from embedrank.synthesis.filters.needs import FilterNeeds
from embedrank.synthesis.filters.stateless import StatelessFilter


@dataclass(frozen=True, slots=True, kw_only=True)
class DecontaminateConfig:
    """Which sets, and how much of them a row may hold.

    Attributes:
        folders: Evaluation folders, BEIR or pair files; the command line may name more.
        window: Characters, letters and digits only, of the runs that are compared.
        max_overlap: Largest share of the runs of a query or positive that may stand in one set.
    """

    folders: tuple[str, ...] = ()
    window: int = 50
    max_overlap: float = 0.3

    def __post_init__(self) -> None:
        if not isinstance(self.folders, tuple) or not all(isinstance(name, str) and name for name in self.folders):
            raise ConfigError("filters.decontaminate", "folders", self.folders, "must be a list of folders")
        check_whole("filters.decontaminate", {"window": self.window}, least=10)
        check_within("filters.decontaminate", {"max_overlap": self.max_overlap}, 0, 1)


class DecontaminateFilter(StatelessFilter):
    """Looks at the query and the positives of rows of every kind; labels of classification rows are no texts.

    Memory: 8 bytes for each text and each character of the queries and relevant documents of the sets.
    """

    name = "decontaminate"

    def __init__(self, config: DecontaminateConfig, needs: FilterNeeds) -> None:
        """Read the sets.

        Args:
            config: Which, and how much of them a row may hold.
            needs: More folders.

        Raises:
            ConfigError: If no folder is named.
            DatasetError: If one cannot be read.
        """
        folders = dict.fromkeys([*map(Path, config.folders), *needs.evaluation])
        if not folders:
            raise ConfigError("filters.decontaminate", "folders", (), "name at least one evaluation folder")
        self._config = config
        self._sets = [read_evaluation_set(folder, config.window) for folder in folders]

    def verdict(self, draft: Draft, row: SyntheticRow) -> Verdict:
        """Drop a row for the first text of it that an evaluation set has."""
        for side, text in _sides(row):
            digest, windows_G = text_digest(text), window_hashes(text, self._config.window)
            for known in self._sets:
                if known.has(digest):
                    return drop(f"{side} is in an evaluation set", known.name)
                overlap = known.overlap(windows_G)
                if overlap > self._config.max_overlap:
                    return drop(f"{side} overlaps an evaluation set", f"{known.name}, {overlap:.0%} of its runs")
        return keep()


def _sides(row: SyntheticRow) -> Iterator[tuple[str, str]]:
    yield "query", row.query
    if row.task != "classification":
        yield from (("positive", text) for text in row.positives)
