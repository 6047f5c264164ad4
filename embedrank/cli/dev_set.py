"""A development set: judged queries that tell how good a model is while it is being made."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from embedrank.cli.beir_set import load
from embedrank.cli.console import note
from embedrank.cli.trial import Trial, run_trial
from embedrank.cli.wiring import Wiring

if TYPE_CHECKING:
    from collections.abc import Mapping

    from embedrank.evaluation.beir import BeirSet

METRIC = "ndcg_at_10"


@dataclass(frozen=True, slots=True, kw_only=True)
class DevSet:
    """One split of a BEIR folder, read once."""

    dataset: BeirSet

    @classmethod
    def open(cls, folder: Path, split: str, *, max_queries: int | None) -> DevSet:
        """Read it; a test split is allowed and warned of, because what is chosen by it can no longer be tested on it.

        Args:
            folder: The BEIR folder.
            split: Name of the qrels file.
            max_queries: Size of a seeded sample; None for all queries.

        Returns:
            The set.
        """
        if split.startswith("test"):
            note(f"choosing by {folder.name}/{split}: its figures tell nothing of the chosen model afterwards")
        return cls(dataset=load(folder, split, corpus_prefix=None, max_queries=max_queries, seed=0))

    def measure(self, wiring: Wiring, name: str, kind: str) -> Mapping[str, float]:
        """The metrics of one model: an embedder searches alone, a reranker orders what BM25 finds.

        Args:
            wiring: Gives the model.
            name: What it is asked for by.
            kind: `embedder` or `reranker`.

        Returns:
            Metric name to its mean over the queries.
        """
        from embedrank.evaluation.report import score_systems
        from embedrank.search.config import SearchConfig

        if kind == "embedder":
            trial = Trial(embedder=name, reranker=None, config=SearchConfig(mode="dense"))
        else:
            config = SearchConfig(mode="lexical", rerank_weight=1.0)
            trial = Trial(embedder=None, reranker=name, config=config)
        return score_systems(self.dataset, run_trial(trial, self.dataset, wiring).runs)[-1].metrics
