"""One split, searched so that stages, reranked depths and verdicts can be looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from embedrank.cli.console import progress
from embedrank.cli.eval_plan import EvalPlan
from embedrank.cli.eval_rivals import renamed, row_name
from embedrank.cli.latency import timed_stages
from embedrank.cli.trial import OpenTrial, Trial, by_instruction

if TYPE_CHECKING:
    from embedrank.core.types import FloatArray, Scored
    from embedrank.evaluation.beir import BeirSet

_DEPTHS: Final = (0, 2, 5, 10, 20, 30, 50, 75, 100, 150, 200)


@dataclass(frozen=True, slots=True, kw_only=True)
class Searched:
    """One split, searched.

    Attributes:
        runs: Stage to its run.
        at_depths: Candidates read by the reranker, to the run that comes of it.
        logits: Query id to document id to what the reranker said.
    """

    runs: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    at_depths: dict[int, dict[str, list[str]]] = field(default_factory=dict)
    logits: dict[str, Mapping[str, float]] = field(default_factory=dict)


def searched(trial: Trial, dataset: BeirSet, ready: OpenTrial) -> Searched:
    """Run every query once; all depths are read off one run of the reranker.

    Args:
        trial: What is measured, with the instruction of the set.
        dataset: On what.
        ready: The trial, opened.

    Returns:
        All that can be read off.
    """
    from embedrank.search.trial import at_depth, systems_of

    found, depths = Searched(), _depths(trial.config.rerank_depth)
    with progress("searching", len(dataset.queries)) as advance:
        for config, queries in by_instruction(dataset, trial.config):
            rankings = ready.pipeline.rank_many(list(queries.values()), config)
            for query, ranking in zip(queries, rankings, strict=True):
                for system, rows in systems_of(ranking, ready.pipeline, config, weights=trial.weights).items():
                    found.runs.setdefault(system, {})[query] = _ids(rows)
                for depth, rows in at_depth(ranking, ready.pipeline, config, depths).items():
                    found.at_depths.setdefault(depth, {})[query] = _ids(rows)
                if ranking.logits:
                    found.logits[query] = ranking.logits
                advance(1)
    return found


class CurvesOfTrials:
    """Curves of the plan's own models and of its rivals, whose rows carry their names."""

    def __init__(self, plan: EvalPlan) -> None:
        """Begin with none.

        Args:
            plan: Models and choices.
        """
        from embedrank.evaluation.curves.gathering import Curves

        self._plan, self._curves = plan, Curves()
        self._others: dict[str, dict[str, list[str]]] = {}
        self._latency: dict[tuple[str, int | None], dict[str, Any]] = {}
        self._models: set[str] = set()
        self._num_splits = 0

    def add_trial(self, asked: Trial, trial: Trial, dataset: BeirSet, ready: OpenTrial, found: Searched) -> None:
        """Take in what one pair of models did on a split.

        Args:
            asked: The pair, as the plan has it.
            trial: The same with the instruction of the set.
            dataset: On what.
            ready: The trial, opened.
            found: What it found.
        """
        names = {system: renamed(system, asked, self._plan) for system in found.runs}
        if asked != self._plan.trial:
            self._others |= {name: found.runs[system] for system, name in names.items()}
        last = list(names.values())[-1]
        if found.at_depths:
            self._curves.add_depths(dataset, last, found.at_depths)
            if asked.embedder == self._plan.trial.embedder:
                self._curves.add_verdicts(dataset, self._called(asked.reranker), found.logits)
        self._add_vectors(asked, trial, dataset, ready)
        if self._num_splits == 0:
            config, queries = next(by_instruction(dataset, trial.config))
            depths = _depths(trial.config.rerank_depth)
            for point in timed_stages(ready.pipeline, list(queries.values()), config, depths=depths):
                name = names.get(point["system"], last)
                self._latency.setdefault((name, point["depth"]), {**point, "system": name})

    def add_split(self, dataset: BeirSet, own: Searched) -> None:
        """Take in the stages, after all trials of a split.

        Args:
            dataset: The split.
            own: What the plan's own models found.
        """
        others = {name: run for name, run in self._others.items() if name not in own.runs}
        self._curves.add_systems(dataset, {**others, **own.runs})
        self._others, self._models = {}, set()
        self._num_splits += 1

    def content(self) -> dict[str, Any]:
        """All points as plain values."""
        return self._curves.content(latency=list(self._latency.values()))

    def _called(self, name: str | None) -> str:
        own = name in (self._plan.trial.embedder, self._plan.trial.reranker)
        return str(name) if own else row_name(str(name), self._plan.rivals)

    def _add_vectors(self, asked: Trial, trial: Trial, dataset: BeirSet, ready: OpenTrial) -> None:
        import numpy as np

        from embedrank.core.types import joined_text

        encoder = ready.pipeline.encoder
        if encoder is None or str(asked.embedder) in self._models:
            return
        self._models.add(str(asked.embedder))
        dim, vectors = trial.config.dim, dict[str, "FloatArray"]()
        for config, queries in by_instruction(dataset, trial.config):
            rows = encoder.encode_queries(list(queries.values()), instruction=config.instruction, dim=dim)
            vectors |= dict(zip(queries, rows, strict=True))
        documents = encoder.encode_documents([joined_text(row.title, row.text) for row in dataset.documents], dim=dim)
        self._curves.add_vectors(
            dataset,
            self._called(asked.embedder),
            np.stack([vectors[query] for query in dataset.queries]),
            documents,
            top=trial.config.recall,
        )


def _depths(deepest: int) -> list[int]:
    return [*(depth for depth in _DEPTHS if depth < deepest), deepest]


def _ids(rows: Sequence[Scored]) -> list[str]:
    return [row.id for row in rows]
