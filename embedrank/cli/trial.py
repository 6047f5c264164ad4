"""One evaluation, wired: models, a store for the corpus, the pipeline that users get, and a run of each stage."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from embedrank.cli.console import progress
from embedrank.cli.kept_corpora import KeptCorpora
from embedrank.cli.wiring import Wiring

if TYPE_CHECKING:
    from embedrank.evaluation.beir import BeirSet
    from embedrank.evaluation.run import Run
    from embedrank.search.config import SearchConfig
    from embedrank.search.pipeline import SearchPipeline
    from embedrank.search.trial import SystemRuns


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What is measured.

    Attributes:
        embedder: Name of the embedder; None for BM25 alone.
        reranker: Name of the reranker; None for recall alone.
        config: Choices of all searches.
        weights: Further reranker shares to show beside the one in `config`.
        bm25s: Whether the bm25s library is a second lexical stage, with rows of its own.
    """

    embedder: str | None
    reranker: str | None
    config: SearchConfig
    weights: Sequence[float] = ()
    bm25s: bool = False

    def settings(self, pipeline: SearchPipeline) -> dict[str, object]:
        """What it takes to repeat the trial, as plain values.

        Args:
            pipeline: With the loaded models, whose advice fills in what the configuration leaves open.

        Returns:
            Setting name to value.
        """
        from embedrank.search.advice import with_fusion
        from embedrank.search.rerank import blend_choice

        config = with_fusion(self.config, pipeline.encoder)
        shown: dict[str, object] = {"mode": config.mode, "recall": config.recall}
        if self.embedder is not None:
            shown |= {"embedder": self.embedder, "dim": config.dim, "instruction": config.instruction}
        if config.mode == "fused":
            weights = [config.dense_weight, config.lexical_weight]
            shown |= {"fusion": config.fusion, "fusion_weights": weights}
        if pipeline.reranker is not None:
            shown |= {"reranker": self.reranker, "rerank_depth": config.rerank_depth}
            shown["rerank_weight"], shown["blend"] = blend_choice(config, pipeline.reranker)
        return {**shown, **told_by("embedder", pipeline.encoder), **told_by("reranker", pipeline.reranker)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a trial gave.

    Attributes:
        runs: System name to its run over documents.
        settings: What it takes to repeat the trial.
        notes: What a reader of the figures must know beyond the data's own notes.
        timings_s: Seconds of each phase.
    """

    runs: Mapping[str, Run]
    settings: Mapping[str, object]
    notes: Sequence[str] = ()
    timings_s: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenTrial:
    """A trial that is ready to be searched.

    Attributes:
        pipeline: Over the whole corpus; a document is one chunk of the same id.
        num_truncated: Documents of which the embedder read only the beginning.
        index_s: Seconds that indexing took.
    """

    pipeline: SearchPipeline
    num_truncated: int
    index_s: float


@contextmanager
def opened(trial: Trial, dataset: BeirSet, wiring: Wiring) -> Iterator[OpenTrial]:
    """Load the models and index the corpus in a temporary folder, unless the wiring keeps it from another split.

    Args:
        trial: What is measured.
        dataset: On what.
        wiring: Where models come from.

    Yields:
        The trial, as long as the index is there.
    """
    from embedrank.search.pipeline import SearchPipeline
    from embedrank.search.recall import Recall

    encoder = None if trial.embedder is None else wiring.embedder(trial.embedder)
    reranker = None if trial.reranker is None else wiring.reranker(trial.reranker)
    with _corpora(wiring) as corpora:
        start = time.perf_counter()
        filled = corpora.filled(dataset, encoder, dim=trial.config.dim)
        yield OpenTrial(
            pipeline=SearchPipeline(
                recall=Recall(vectors=filled.store, lexical=filled.store),
                chunks=filled.store,
                encoder=encoder,
                reranker=reranker,
            ),
            num_truncated=filled.num_truncated,
            index_s=time.perf_counter() - start,
        )


@contextmanager
def _corpora(wiring: Wiring) -> Iterator[KeptCorpora]:
    """Those of the wiring, else some for this trial alone."""
    if wiring.corpora is not None:
        yield wiring.corpora
        return
    with closing(KeptCorpora()) as corpora:
        yield corpora


def run_trial(trial: Trial, dataset: BeirSet, wiring: Wiring) -> Outcome:
    """Index the corpus in a temporary folder and search it with every query.

    Args:
        trial: What is measured.
        dataset: On what.
        wiring: Where models come from.

    Returns:
        One run for each stage.
    """
    from embedrank.evaluation.run import document_run

    with (
        opened(trial, dataset, wiring) as ready,
        progress("searching", len(dataset.queries) * (1 + trial.bm25s)) as advance,
    ):
        start = time.perf_counter()
        staged = _staged(ready.pipeline, dataset, trial, advance)
        if trial.bm25s:
            staged = _beside_ours(staged, ready.pipeline, dataset, trial, advance)
        search_s = time.perf_counter() - start
        deaf = uninstructed(trial.reranker, trial, dataset, ready.pipeline.reranker)
    return Outcome(
        runs={name: document_run(rows, lambda chunk_id: chunk_id) for name, rows in staged.items()},
        settings=trial.settings(ready.pipeline),
        notes=[*truncated_documents(ready.num_truncated), *deaf],
        timings_s={"index": round(ready.index_s, 2), "search": round(search_s, 2)},
    )


def told_by(role: str, model: object) -> dict[str, object]:
    """What a model of others tells of how it was run.

    Args:
        role: `embedder` or `reranker`.
        model: The model; ours tell nothing here.

    Returns:
        One setting, or none.
    """
    told: Mapping[str, object] = getattr(model, "settings", {})
    return {f"{role}_settings": dict(told)} if told else {}


def uninstructed(name: str | None, trial: Trial, dataset: BeirSet, reranker: object) -> list[str]:
    """What is said where a reranker cannot read the instruction.

    Args:
        name: Of the reranker.
        trial: Has the instruction of the call.
        dataset: May have instructions of its queries.
        reranker: The model, or None.

    Returns:
        A sentence, or none.
    """
    given = trial.config.instruction or dataset.instructions
    deaf = given and not getattr(reranker, "reads_instructions", True)
    return [f"{name} reads no instructions and judged without"] if deaf else []


def _staged(pipeline: SearchPipeline, dataset: BeirSet, trial: Trial, advance: Callable[[int], None]) -> SystemRuns:
    from embedrank.search.trial import staged_runs

    staged: SystemRuns = {}
    for config, queries in by_instruction(dataset, trial.config):
        part = staged_runs(pipeline, queries, config, weights=trial.weights, on_query=lambda: advance(1))
        for system, rows in part.items():
            staged.setdefault(system, {}).update(rows)
    return staged


def _beside_ours(
    ours: SystemRuns, pipeline: SearchPipeline, dataset: BeirSet, trial: Trial, advance: Callable[[int], None]
) -> SystemRuns:
    """The same stages with bm25s in the place of our BM25; its rows stand after BM25 and before all others."""
    from embedrank.evaluation.rivals.bm25s_index import Bm25sIndex

    recall = replace(pipeline.recall, lexical=Bm25sIndex(dataset.documents))
    mode = "lexical" if trial.config.mode == "dense" else trial.config.mode
    other = replace(trial, config=replace(trial.config, mode=mode))
    found = _staged(replace(pipeline, recall=recall), dataset, other, advance)
    named = {
        system.replace("BM25", "bm25s") if "BM25" in system else f"bm25s {system}": rows
        for system, rows in found.items()
        if system != "dense"
    }
    first = {system: rows for system, rows in ours.items() if system == "BM25"}
    return {**first, **named, **ours}


def by_instruction(dataset: BeirSet, config: SearchConfig) -> Iterator[tuple[SearchConfig, dict[str, str]]]:
    """Queries that are asked with the same instruction: their own, else that of the configuration.

    Args:
        dataset: The queries.
        config: Choices of all searches.

    Yields:
        The configuration with the instruction, and query id to text.
    """
    groups: dict[str | None, dict[str, str]] = {}
    for name, text in dataset.queries.items():
        groups.setdefault(dataset.instructions.get(name, config.instruction), {})[name] = text
    for instruction, queries in groups.items():
        yield replace(config, instruction=instruction), queries


def truncated_documents(count: int) -> list[str]:
    """What a reader must know of documents that the embedder reads in part only."""
    return [f"{count} documents are longer than the embedder reads and were cut"] if count else []
