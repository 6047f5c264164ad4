"""Reranking of fixed candidates, by an embedder, a reranker, or both."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from embedrank.cli.beir_set import beir_title, load
from embedrank.cli.console import progress
from embedrank.cli.eval_plan import EvalPlan, SetReport, prompted_trial, prompting_of, truncated_notes, write_runs
from embedrank.cli.eval_rivals import about, labelled, rivals_of, with_settings
from embedrank.cli.trial import run_trial, told_by, uninstructed
from embedrank.core.errors import InvalidInputError

if TYPE_CHECKING:
    from embedrank.core.protocols import Reranker
    from embedrank.core.types import FloatArray
    from embedrank.evaluation.beir import BeirSet
    from embedrank.evaluation.report import SystemScore
    from embedrank.evaluation.run import Run
    from embedrank.evaluation.tasks.reranking import Scores

GIVEN: Final = "as given"
DENSE: Final = "dense"
RERANK: Final = "rerank"


def measure_reranking(folder: Path, split: str, plan: EvalPlan) -> SetReport:
    """Let models order the candidates of each query.

    Args:
        folder: A BEIR folder.
        split: Name of the qrels file without suffix.
        plan: How. Candidates are read from its file; where that is not there yet, a first stage as the plan says
            finds them and the file is written; without a file, those that the folder judges are taken.

    Returns:
        The report.
    """
    from embedrank.core.packages import require_packages
    from embedrank.evaluation.report import as_json, notes

    require_packages("measuring reranking", "sklearn", "scipy", extra="evaluation")
    dataset = load(
        folder,
        split,
        corpus_prefix=plan.corpus_prefix,
        max_queries=plan.max_queries,
        seed=plan.seed,
        unanswerable=plan.candidates is None,
    )
    if plan.trial.embedder is None and plan.trial.reranker is None and not plan.rivals:
        raise InvalidInputError("--task reranking", "needs a model that judges: --reranker or --embedder")
    candidates, source = _candidates(dataset, plan)
    start = time.perf_counter()
    found, settings, told = _judge(dataset, candidates, plan)
    seconds = round(time.perf_counter() - start, 2)
    scores, more = _score(dataset, candidates, found, plan)
    settings |= {"candidates": source, "num_candidates": sum(map(len, candidates.values()))}
    content = as_json(dataset, scores, settings={**settings, "timings_s": {"judge": seconds}})
    return SetReport(
        title=f"{beir_title(dataset)}, {settings['num_candidates']} candidates",
        scores=scores,
        content={**content, "task": "reranking", "notes": [*notes(dataset), *more, *told]},
    )


def _candidates(dataset: BeirSet, plan: EvalPlan) -> tuple[dict[str, list[str]], str]:
    """Query id to document ids, and where they come from."""
    from embedrank.evaluation.run import read_trec_run, write_trec_run
    from embedrank.evaluation.tasks.reranking import check_candidates, judged_candidates

    if plan.candidates is None:
        return judged_candidates(dataset), "judged in the folder"
    if not plan.candidates.exists():
        trial, _ = prompted_trial(dataset.folder.name, "retrieval", plan)
        runs = run_trial(replace(trial, reranker=None, weights=()), dataset, plan.wiring).runs
        system = list(runs)[-1]
        write_trec_run(runs[system], plan.candidates, tag=system)
    return check_candidates(dataset, read_trec_run(plan.candidates), str(plan.candidates)), str(plan.candidates)


def _judge(dataset: BeirSet, candidates: Run, plan: EvalPlan) -> tuple[dict[str, Scores], dict[str, object], list[str]]:
    """Scores of each model, settings, and what a reader must know."""
    from embedrank.evaluation.prompted_encoder import PromptedEncoder
    from embedrank.evaluation.tasks.reranking import embedder_scores, scored_candidates

    found: dict[str, Scores] = {}
    settings: dict[str, object] = {}
    told: list[str] = []
    embedders, judges = rivals_of(plan)
    for system, name in labelled(embedders, plan.trial.embedder, DENSE):
        model = plan.wiring.embedder(name)
        prompting = prompting_of(dataset.folder.name, "reranking", plan, model)
        with progress("embedding") as advance:
            dim = plan.trial.config.dim
            encoder = PromptedEncoder(encoder=model, prompting=prompting, dim=dim, on_texts=advance)
            found[system] = scored_candidates(dataset, candidates, embedder_scores(dataset, candidates, encoder))
        own = {"embedder": name, "dim": dim, **prompting.as_json(), **told_by("embedder", model)}
        settings = with_settings(settings, own, name if system != DENSE else None)
        told += about(name if system != DENSE else None, prompting.notes(dataset.folder.name), truncated_notes(model))
    for system, name in labelled(judges, plan.trial.reranker, RERANK):
        judge = plan.wiring.reranker(name)
        with progress("reranking", len(dataset.queries)) as advance:
            score = _RerankerScore(dataset=dataset, judge=judge, instruction=plan.trial.config.instruction)
            found[system] = scored_candidates(dataset, candidates, score, on_query=partial(advance, 1))
        own = {"reranker": name, **told_by("reranker", judge)}
        settings = with_settings(settings, own, name if system != RERANK else None)
        told += uninstructed(name, plan.trial, dataset, judge)
    return found, settings, told


class _RerankerScore:
    """A reranker as the function that judges the candidates of one query."""

    def __init__(self, *, dataset: BeirSet, judge: Reranker, instruction: str | None) -> None:
        self._dataset, self._judge, self._instruction = dataset, judge, instruction

    def __call__(self, query: str, documents: Sequence[str]) -> FloatArray:
        own = self._instruction if self._instruction is not None else self._dataset.instructions.get(query)
        return self._judge.logits(self._dataset.queries[query], documents, instruction=own)


def _score(
    dataset: BeirSet, candidates: Run, found: Mapping[str, Scores], plan: EvalPlan
) -> tuple[list[SystemScore], list[str]]:
    """Rankings of queries that allow one; where the folder judges its candidates, all pairs together as well."""
    from embedrank.evaluation.report import SystemScore, score_systems
    from embedrank.evaluation.subset import with_queries
    from embedrank.evaluation.tasks.reranking import pointwise, ranked, with_both_kinds

    runs: dict[str, Run] = {name: ranked(scores) for name, scores in found.items()}
    write_runs(plan, runs)
    if plan.candidates is not None:
        return score_systems(dataset, {GIVEN: candidates, **runs}), _without_candidates(candidates)
    rankable = with_both_kinds(dataset, candidates)
    pairs = {name: pointwise(dataset, scores) for name, scores in found.items()}
    told = [
        f"rankings are measured on {len(rankable)} queries that have candidates of both kinds, pairs on all "
        f"{len(dataset.queries)}"
    ]
    if not rankable:
        return [SystemScore(name=name, metrics=metrics, p_value=None) for name, metrics in pairs.items()], told
    scores = score_systems(with_queries(dataset, rankable), runs)
    return [replace(score, metrics={**score.metrics, **pairs[score.name]}) for score in scores], told


def _without_candidates(candidates: Run) -> list[str]:
    count = sum(not names for names in candidates.values())
    return [f"{count} queries have no candidates and score 0"] if count else []
