"""Further models beside the first ones: every embedder with every reranker, rows of one table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from embedrank.cli.eval_plan import EvalPlan, prompted_trial
from embedrank.cli.rivals import is_rival_reranker
from embedrank.cli.trial import Outcome, Trial, run_trial

if TYPE_CHECKING:
    from embedrank.evaluation.beir import BeirSet
    from embedrank.evaluation.run import Run


def run_with_rivals(name: str, task: str, dataset: BeirSet, plan: EvalPlan) -> Outcome:
    """Run the plan's trial, and before it the same trial with each other pair of embedder and reranker.

    Args:
        name: Of the set, whose instruction is asked with.
        task: Kind of task.
        dataset: The set.
        plan: Models, rivals and choices.

    Returns:
        All systems: BM25, those of rivals, and last those of the plan's own models. Its settings are those of the
        plan's own models and, under `rivals`, those of the others.
    """
    runs: dict[str, Run] = {}
    others: dict[str, Mapping[str, object]] = {}
    told: list[str] = []
    own: Outcome | None = None
    for trial in trials_of(plan):
        prompted, how = prompted_trial(name, task, replace(plan, trial=trial))
        outcome = run_trial(prompted, dataset, plan.wiring)
        outcome = replace(outcome, settings={**outcome.settings, **how})
        if trial == plan.trial:
            own = outcome
            continue
        for system, run in outcome.runs.items():
            runs.setdefault(renamed(system, trial, plan), run)
        others[_pair(trial)] = outcome.settings
        told += [f"{_pair(trial)}: {line}" for line in outcome.notes]
    assert own is not None
    settings = {**own.settings, **({"rivals": others} if others else {})}
    first = {system: run for system, run in own.runs.items() if system in ("BM25", "bm25s")}
    merged = {system: run for system, run in runs.items() if system not in own.runs}
    return replace(own, runs={**first, **merged, **own.runs}, settings=settings, notes=[*own.notes, *told])


def rivals_of(plan: EvalPlan) -> tuple[list[str], list[str]]:
    """The plan's rivals, embedders and rerankers apart."""
    judges = [name for name in plan.rivals if is_rival_reranker(name)]
    return [name for name in plan.rivals if name not in judges], judges


def row_name(model: str, rivals: Sequence[str]) -> str:
    """What a model is called in a row of a table.

    Args:
        model: The name it was asked for by.
        rivals: All names of the table that are not the plan's own.

    Returns:
        Kind and model, without folders above it, URL and options, unless another would be called so too.
    """
    short = _short(model)
    return short if [_short(name) for name in rivals].count(short) < 2 else model


def _short(model: str) -> str:
    kind, colon, rest = model.rpartition(":") if "://" not in model else model.partition(":")
    rest = rest.partition("@http")[0] if "://" in rest else Path(rest).name or rest
    return f"{kind}{colon}{rest}"


def labelled(rivals: Sequence[str], own: str | None, stage: str) -> list[tuple[str, str]]:
    """Row and model of each model that does the same, the plan's own last.

    Args:
        rivals: Names of the others.
        own: Name of the plan's own, if it has one.
        stage: What the own row is called.

    Returns:
        Pairs of row and name.
    """
    others = [(f"{stage} {row_name(name, rivals)}", name) for name in rivals if name != own]
    return others if own is None else [*others, (stage, own)]


def with_settings(settings: Mapping[str, object], more: Mapping[str, object], rival: str | None) -> dict[str, object]:
    """Settings with those of one more model, of which those of a rival are kept under its name.

    Args:
        settings: So far.
        more: Of the model.
        rival: Its name; None for the plan's own.

    Returns:
        All of them.
    """
    if rival is None:
        return {**settings, **more}
    others: Any = settings.get("rivals", {})
    return {**settings, "rivals": {**others, rival: dict(more)}}


def about(rival: str | None, *notes: Sequence[str]) -> list[str]:
    """Notes that say which model they are about where it is a rival."""
    return [line if rival is None else f"{rival}: {line}" for part in notes for line in part]


def trials_of(plan: EvalPlan) -> Iterator[Trial]:
    """Every pair, the plan's own last."""
    embedders, judges = rivals_of(plan)
    own = plan.trial
    config = replace(own.config, mode="dense") if own.config.mode == "lexical" else own.config
    for judge in dict.fromkeys([*judges, own.reranker] if judges or own.reranker else [None]):
        for embedder in embedders:
            yield replace(own, embedder=embedder, reranker=judge, config=config)
        if judge != own.reranker:
            yield replace(own, reranker=judge)
    yield own


def renamed(system: str, trial: Trial, plan: EvalPlan) -> str:
    """`fused+rerank` becomes `fused st:minilm+ce:marco`, as far as the models are not the plan's own."""
    stage, plus, rest = system.partition("+rerank")
    if trial.embedder not in (None, plan.trial.embedder) and not stage.endswith(("BM25", "bm25s")):
        stage = f"{stage} {row_name(str(trial.embedder), plan.rivals)}"
    if not plus:
        return stage
    judge = "rerank" if trial.reranker == plan.trial.reranker else row_name(str(trial.reranker), plan.rivals)
    return f"{stage}+{judge}{rest}"


def _pair(trial: Trial) -> str:
    return " + ".join(name for name in (trial.embedder, trial.reranker) if name is not None)


def fingerprints(plan: EvalPlan) -> list[Any]:
    """What decides the answers of the rivals."""
    embedders, judges = rivals_of(plan)
    models = [*map(plan.wiring.embedder, embedders), *map(plan.wiring.reranker, judges)]
    return [getattr(model, "fingerprint", None) for model in models]
