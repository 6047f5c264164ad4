"""Replay: rows of earlier training among the new ones, so that a model learns these without forgetting those.

Source:
    Experience replay against catastrophic forgetting, as in Rolnick et al., arXiv 1811.11682.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from embedrank.core.errors import ConfigError, DatasetError
from embedrank.core.settings import build
from embedrank.training.data.preparing import Prepared, prepared_in
from embedrank.training.data.source import SourceConfig, sources_of
from embedrank.training.mixing import Mixture
from embedrank.training.mixture_config import MixtureConfig
from embedrank.training.rows import TrainingRow
from embedrank.training.source_stream import Rows

PREFIX: Final = "replay."


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayConfig:
    """Which old rows, and how many of them.

    Attributes:
        share: Share of old rows in what is drawn, above 0 and below 1.
        runs: Folders of earlier runs, whose rows are still there.
        sources: Further old rows by name, such as general ones where the earlier training's are not to be had.
    """

    share: float = 0.3
    runs: Sequence[str] = ()
    sources: Mapping[str, SourceConfig] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not 0 < self.share < 1:
            raise ConfigError("ReplayConfig", "share", self.share, "must be above 0 and below 1")
        if isinstance(self.runs, str) or not (self.runs or self.sources):
            raise ConfigError("ReplayConfig", "runs", self.runs, "must be a list; name earlier runs or sources")

    @classmethod
    def from_mapping(cls, settings: Mapping[str, Any]) -> ReplayConfig:
        """Build it from plain values.

        Args:
            settings: As YAML holds them; a source may be a list of files.

        Returns:
            The checked configuration.

        Raises:
            ConfigError: If a key is unknown or unsound.
        """
        return build(cls, {**settings, "sources": sources_of("ReplayConfig", settings.get("sources") or {})})


def rows_of_runs(runs: Sequence[str]) -> dict[str, Prepared]:
    """Open the rows that earlier runs were trained on, those that they replayed themselves as well.

    Args:
        runs: Folders of runs.

    Returns:
        Name of a source to its rows; where two runs hold a source of the same name, the later run's has its folder's
        name before it.

    Raises:
        DatasetError: If a folder holds no rows.
    """
    found: dict[str, Prepared] = {}
    for run in runs:
        for name, prepared in prepared_in(Path(run) / "rows").items():
            label = name if name not in found else f"{Path(run).name}.{name}"
            if label in found:
                raise DatasetError(run, f"two runs of this name hold a source {name!r}; rename a folder")
            found[label] = prepared
    return found


def mixed_with_replay(
    fresh: Mapping[str, Rows], old: Mapping[str, Rows], config: MixtureConfig, *, share: float
) -> Mixture:
    """Mix new and old rows.

    Args:
        fresh: New rows by source; among themselves they are mixed as `config` says.
        old: Old rows by source; among themselves they are drawn by size to the power of `config.exponent`.
        config: How rows are mixed.
        share: Share of the old rows, above 0 and below 1.

    Returns:
        The mixture; old sources have `replay.` before their names.

    Raises:
        ConfigError: If `config` names a source that is not there.
        DatasetError: If there are no new rows.
    """
    news = Mixture(fresh, config).shares
    olds = MixtureConfig(batch_size=1, exponent=config.exponent).shares_of({name: len(old[name]) for name in old})
    shares = {name: part * (1 - share) for name, part in news.items()}
    shares |= {PREFIX + name: part * share for name, part in olds.items()}
    rows = {**fresh, **{PREFIX + name: _Replayed(name, rows) for name, rows in old.items()}}
    return Mixture(rows, replace(config, shares={name: shares.get(name, 0.0) for name in rows}, weights=None))


class _Replayed:
    """Old rows under a source's name that says so, for logs and reports."""

    def __init__(self, name: str, rows: Rows) -> None:
        self._name, self._rows = PREFIX + name, rows
        if (digest := getattr(rows, "digest", None)) is not None:
            self.digest = digest

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: int, /) -> TrainingRow:
        return replace(self._rows[index], source=self._name)
