"""What one call of `embedrank eval` is to measure, with what, and what each of its sets gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from embedrank.cli.trial import Trial

if TYPE_CHECKING:
    from embedrank.cli.wiring import Wiring
    from embedrank.evaluation.instructions import Prompting
    from embedrank.evaluation.report import SystemScore
    from embedrank.evaluation.run import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class EvalPlan:
    """Choices that hold for every set of the call.

    Attributes:
        trial: Models, depths and weights; its instruction is the user's, None where none was given.
        wiring: Gives the models.
        split: Name of the split.
        task: What to measure by; None for what suits the folder.
        protocol: `report` or `mteb`: whether candidates are instructed.
        corpus_prefix: Which documents of a BEIR set are kept.
        max_queries: Queries or rows of a split measured at most; None for all.
        max_set_queries: The same over all splits of a set, each of which gets an equal share; None for no such limit.
        seed: Of samples and draws.
        candidates: File of candidates to rerank; None for those that the folder judges.
        runs: Folder for TREC run files; None for none.
        rivals: Further embedders and rerankers, measured beside those of the trial.
    """

    trial: Trial
    wiring: Wiring
    split: str = "test"
    task: str | None = None
    protocol: str = "report"
    corpus_prefix: str | None = None
    max_queries: int | None = None
    max_set_queries: int | None = None
    seed: int = 0
    candidates: Path | None = None
    runs: Path | None = None
    rivals: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SetReport:
    """What a set gave.

    Attributes:
        title: Set, split and sizes.
        scores: Systems in the order to show.
        content: All of it as plain values, for `--json` and for files.
    """

    title: str
    scores: Sequence[SystemScore]
    content: Mapping[str, Any]

    @property
    def by_query(self) -> dict[str, Mapping[str, float]]:
        """System to query id to nDCG@10, of systems that rank documents."""
        return {score.name: score.by_query for score in self.scores if score.by_query}


def prompting_of(name: str, task: str, plan: EvalPlan, encoder: object) -> Prompting:
    """How the texts of a set are prompted.

    Args:
        name: Of the set.
        task: Kind of task.
        plan: The user's choices.
        encoder: The model, which may have an instruction of its own.

    Returns:
        The choice.
    """
    from embedrank.evaluation.instructions import prompting_for

    default = getattr(encoder, "default_instruction", None)
    given = plan.trial.config.instruction
    return prompting_for(name, task, protocol=plan.protocol, given=given, model_default=default)


def prompted_trial(name: str, task: str, plan: EvalPlan) -> tuple[Trial, dict[str, object]]:
    """The plan's trial, asking with the instruction of a set.

    Args:
        name: Of the set.
        task: Kind of task.
        plan: The user's choices.

    Returns:
        The trial, and what has to be known to repeat it; nothing of BM25 alone.
    """
    trial = plan.trial
    if trial.embedder is None:
        return trial, {}
    prompting = prompting_of(name, task, plan, plan.wiring.embedder(trial.embedder))
    if prompting.instruction:
        trial = replace(trial, config=replace(trial.config, instruction=prompting.instruction))
    return trial, prompting.as_json()


def write_runs(plan: EvalPlan, runs: Mapping[str, Run]) -> None:
    """Write TREC run files where the user wants them.

    Args:
        plan: Says where.
        runs: System to run.
    """
    from embedrank.evaluation.run import write_trec_run

    for system, run in runs.items() if plan.runs else ():
        write_trec_run(run, Path(plan.runs or ".") / f"{system.replace(' ', '-')}.run", tag=system)


def truncated_notes(model: object) -> list[str]:
    """What a reader must know of texts that the model reads in part only.

    Args:
        model: An embedder that counts them.

    Returns:
        A sentence, if there are any.
    """
    count = getattr(model, "num_truncated", 0)
    return [f"{count} texts are longer than the embedder reads and were cut"] if count else []
