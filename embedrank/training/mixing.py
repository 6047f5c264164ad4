"""Batches from several sources: which source, which rows, in which order, with which instruction.

All of it is a pure function of the seed and of the counters in `state()`, so a resumed run sees the same batches.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import replace
from typing import Any, Final

import numpy as np

from embedrank.core.errors import ConfigError, DatasetError
from embedrank.training.mixture_config import MixtureConfig
from embedrank.training.rows import TrainingRow
from embedrank.training.same_data import differences, fingerprint, plain
from embedrank.training.seeded import drawn
from embedrank.training.source_stream import Pick, Rows, SourceCounts, SourceStream
from embedrank.training.tokenized import text_id

__all__ = ["Mixture", "MixtureConfig"]

_WAITING_BATCHES: Final = 2  # batches' worth of rows that may wait because they share a text


class Mixture:
    """An endless, resumable stream of batches that are homogeneous in task, and in source unless told otherwise.

    Attributes:
        shares: Source to the share of batches (of rows, where sources of a task are mixed) that come from it.
        empty: Sources without rows, which are passed over.
    """

    def __init__(
        self, sources: Mapping[str, Rows], config: MixtureConfig, *, rank: int = 0, num_ranks: int = 1
    ) -> None:
        """Begin at the first batch.

        Args:
            sources: Rows by name.
            config: How they are mixed.
            rank: Which process this is, from 0.
            num_ranks: Processes that share each batch.

        Raises:
            DatasetError: If there is no row.
            ConfigError: If the configuration names a source that is not there.
        """
        self._rows = {name: rows for name, rows in sorted(sources.items()) if len(rows)}
        self.empty = sorted(set(sources) - set(self._rows))
        if not self._rows:
            raise DatasetError("training rows", "no source holds a row")
        if not 0 <= rank < num_ranks:
            raise ConfigError("Mixture", "rank", rank, f"must be within 0..{num_ranks - 1}")
        self._config, self._rank, self._num_ranks = config, rank, num_ranks
        self._groups = self._grouped()
        config.check_names(list(self._rows), list(self._groups))
        self.shares = config.shares_of({name: len(rows) for name, rows in self._rows.items()})
        self._group_shares = [sum(self.shares[name] for name in names) for names in self._groups.values()]
        self._ids = {name: text_id(name) for name in self._rows}
        self._streams = {name: self._stream(group, name) for group, names in self._groups.items() for name in names}
        self._step = 0
        self._short = dict.fromkeys(self._groups, 0)
        self._fingerprint: Mapping[str, Any] | None = None

    def shard(self, rank: int, num_ranks: int) -> Mixture:
        """The same batches, from the first one, of which one process takes its part.

        Args:
            rank: Which process, from 0.
            num_ranks: Number of processes.

        Returns:
            A mixture of its own; its state is that of all others at the same batch.
        """
        return Mixture(self._rows, self._config, rank=rank, num_ranks=num_ranks)

    def next_batch(self) -> list[TrainingRow]:
        """This process's part of the next batch; advances the counters.

        Returns:
            Rows, at least one.

        Raises:
            DatasetError: If the batch has fewer rows than there are processes, or rows of several tasks.
        """
        draw = np.random.default_rng([self._config.seed, self._step])
        group = list(self._groups)[int(draw.choice(len(self._groups), p=self._group_shares))]
        self._step += 1
        picks = self._picks(group, draw)
        start, stop = (len(picks) * rank // self._num_ranks for rank in (self._rank, self._rank + 1))
        if len(picks) < self._num_ranks:
            problem = f"a batch has {len(picks)} rows for {self._num_ranks} processes"
            raise DatasetError(group, f"{problem} (leave the source out, or do not ask for distinct texts)")
        batch = [self._finished(name, pick) for name, pick in picks[start:stop]]
        if len(tasks := sorted({row.task for row in batch})) > 1:
            raise DatasetError(group, f"a batch holds rows of {' and '.join(tasks)} (make a source of each task)")
        return batch

    def counts(self) -> dict[str, SourceCounts]:
        """What each source has given so far, in all processes together."""
        return {name: stream.counts() for name, stream in self._streams.items()}

    def num_short(self) -> dict[str, int]:
        """Batches of each source, or task, that stayed smaller than asked because too many rows share a text."""
        return dict(self._short)

    def state(self) -> dict[str, Any]:
        """Counters to save with a checkpoint, the same in all processes."""
        return {
            "step": self._step,
            "sources": {name: stream.state() for name, stream in self._streams.items()},
            "short": dict(self._short),
            "made_with": dict(self._made_with()),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Continue from saved counters, which may come from another number of processes.

        Args:
            state: From `state()`.

        Raises:
            ConfigError: If the counters belong to other data or settings.
        """
        if found := differences(state.get("made_with", {}), self._made_with()):
            problem = "the checkpoint was made with other data or settings; give it those, or begin in another folder"
            raise ConfigError("Mixture", "settings", "; ".join(found), problem)
        self._step, self._short = int(state["step"]), dict(state["short"])
        for name, stream in self._streams.items():
            stream.restore(state["sources"][name])

    def _grouped(self) -> dict[str, list[str]]:
        """Sources whose rows may stand in one batch, by the name of the group."""
        if not self._config.by_task:
            return {name: [name] for name in self._rows}
        groups: dict[str, list[str]] = {}
        for name, rows in self._rows.items():
            groups.setdefault(rows[0].task, []).append(name)
        return dict(sorted(groups.items()))

    def _stream(self, group: str, name: str) -> SourceStream:
        config = self._config
        return SourceStream(
            self._rows[name],
            seed=config.seed,
            drop_last=config.drop_last,
            distinct=config.distinct,
            most_waiting=_WAITING_BATCHES * config.batch_size_of(group),
        )

    def _picks(self, group: str, draw: np.random.Generator) -> list[tuple[str, Pick]]:
        """The rows of a batch, with their sources."""
        names, size = self._groups[group], self._config.batch_size_of(group)
        met: set[Hashable] = set()
        if len(names) == 1:
            picks = [(names[0], pick) for pick in self._streams[names[0]].take(size, met)]
        else:
            shares = np.array([self.shares[name] for name in names])
            counts = draw.multinomial(size, shares / shares.sum()).tolist()
            pairs = zip(names, counts, strict=True)
            in_turn = [(name, pick) for name, count in pairs for pick in self._streams[name].take(count, met)]
            picks = [in_turn[place] for place in draw.permutation(len(in_turn)).tolist()]  # each process gets of all
        self._short[group] += len(picks) < min(size, sum(len(self._rows[name]) for name in names))
        return picks

    def _finished(self, name: str, pick: Pick) -> TrainingRow:
        """A row as the batch has it: its instruction chosen, its texts in the order of this epoch."""
        row = self._rows[name][pick.index] if pick.row is None else pick.row
        config = self._config
        key = drawn(config.seed, self._ids[name], pick.epoch, pick.index)
        if phrases := config.phrases_of(name, row):
            row = replace(row, instruction=phrases[key % len(phrases)])
        if config.shuffle_texts:
            row = row.reordered(_shuffled(len(row.positives), key), _shuffled(len(row.negatives), key))
        return row

    def _made_with(self) -> Mapping[str, Any]:
        if self._fingerprint is None:
            data = {name: fingerprint(rows) for name, rows in self._rows.items()}
            self._fingerprint = {"config": plain(self._config), "sources": data}
        return self._fingerprint


def _shuffled(count: int, key: int) -> list[int]:
    return sorted(range(count), key=lambda place: drawn(key, place))
