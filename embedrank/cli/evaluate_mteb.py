"""`embedrank eval --benchmark` and `--through-mteb`: our models in mteb's evaluator."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

import typer
from rich.text import Text

from embedrank.cli.console import note, out, print_json
from embedrank.cli.eval_plan import EvalPlan, prompting_of
from embedrank.cli.eval_rivals import labelled, rivals_of
from embedrank.cli.mteb_sets import LocalSet, local_set
from embedrank.cli.mteb_stages import Stage, dense_stage, rerank_stage
from embedrank.core.errors import InvalidInputError
from embedrank.core.packages import require_packages
from embedrank.core.prompts import REPORT_RERANK_INSTRUCTION

if TYPE_CHECKING:
    from mteb.abstasks.abstask import AbsTask

    from embedrank.cli.model_protocols import NamedEncoder
    from embedrank.evaluation.mteb.task_prompt import TaskPrompt

DENSE, RERANKED = "dense", "dense+rerank"
PUBLISHED_DEPTH: Final = 100  # candidates that the published runs of the rerankers read
PUBLISHED_LENGTH: Final = 8192  # tokens that the published runs read of a text; mteb's own loader sets no limit
_NOT_FOR_MTEB: Final = (
    *("lexical", "fuse", "recall", "fusion", "dense_weight", "lexical_weight", "rerank_weight", "blend"),
    *("runs", "task", "candidates", "trained_on", "all_sets"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MtebTrial:
    """What is measured.

    Attributes:
        benchmark: Name in mteb; None where a local set is run.
        tasks: Narrows the benchmark; empty for all.
        local: A local set; None where a benchmark is run.
        reranker: Name of the reranker of a second stage; None for the embedder alone.
        depth: Candidates that the reranker reads for each query.
    """

    benchmark: str | None
    tasks: Sequence[str]
    local: LocalSet | None
    reranker: str | None
    depth: int


def evaluate_mteb(context: typer.Context, plan: EvalPlan) -> None:
    """Run a benchmark, or a local set, through mteb's evaluator and print the scores.

    Args:
        context: Of the command, with its options.
        plan: The choices that are the same for local sets.

    Raises:
        InvalidInputError: If options do not go together, or benchmark, task or protocol are unknown.
    """
    require_packages("evaluation through mteb", "mteb", extra="evaluation")
    trial = _trial(context, plan)
    with _results_folder(context.params["results"], trial) as to:
        _prepare_libraries(to)
        done, prompts = _run(trial, plan, to)
        from embedrank.evaluation.mteb.report import notes

        systems = {name: stage.scores for name, stage in done.items()}
        said = [*(trial.local.notes if trial.local else ()), *notes(systems, prompts)]
        if (trial.reranker or rivals_of(plan)[1]) and all(RERANKED not in name for name in done):
            said.append("none of the tasks ranks documents, so the reranker had nothing to do")
    if context.params["json"]:
        print_json({**_report(trial, done, prompts), "notes": said})
        return
    _print(trial, done)
    if context.params["results"] is not None:
        said += [f"{name}: {stage.results}" for name, stage in done.items()]
    for line in said:
        note(line)


def _trial(context: typer.Context, plan: EvalPlan) -> MtebTrial:
    asked = context.params
    for name in _NOT_FOR_MTEB:
        if _is_said(context, name):
            raise InvalidInputError(f"--{name.replace('_', '-')}", "has no part in an evaluation through mteb")
    if asked["benchmark"] is None and asked["tasks"] is not None:
        raise InvalidInputError("--tasks", "narrows a --benchmark, and none is named")
    if (asked["benchmark"] is None) == (not asked["data"]):
        raise InvalidInputError("--benchmark", "takes the place of --data, so name one of the two")
    folders: list[Path] = asked["data"] or []
    if len(folders) > 1:
        raise InvalidInputError("--through-mteb", "takes one folder at a time")
    return MtebTrial(
        benchmark=asked["benchmark"],
        tasks=[name.strip() for name in (asked["tasks"] or "").split(",") if name.strip()],
        local=local_set(folders[0], plan) if folders else None,
        reranker=None if asked["no_rerank"] else asked["reranker"],
        depth=asked["rerank_depth"] if _is_said(context, "rerank_depth") else PUBLISHED_DEPTH,
    )


def _is_said(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"  # by name: typer may bring a click of its own


@contextmanager
def _results_folder(asked: Path | None, trial: MtebTrial) -> Iterator[Path]:
    """Where results go: for a local set nowhere that stays, unless the user says."""
    if asked is not None:
        yield asked
    elif trial.benchmark is not None:
        raise InvalidInputError(
            "--results", "is missing", hint="name a folder for the results, so that a rerun goes on"
        )
    else:
        with TemporaryDirectory(prefix="embedrank-mteb-") as folder:
            yield Path(folder)


def _prepare_libraries(to: Path) -> None:
    """Settings that mteb and what it imports read from the environment when they are loaded."""
    os.environ.setdefault("MTEB_CACHE", str(to / "cache"))  # else a folder in the user's home is made at import
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("TQDM_DISABLE", "1")


def _run(trial: MtebTrial, plan: EvalPlan, to: Path) -> tuple[dict[str, Stage], dict[str, TaskPrompt]]:
    """Each system's scores; a reranker reads what the embedder found."""
    from embedrank.evaluation.mteb.quiet import quiet

    with quiet():  # their imports talk
        from embedrank.evaluation.mteb.benchmark import benchmark_tasks
        from embedrank.evaluation.mteb.run import can_be_reranked

        tasks: list[AbsTask] = (
            benchmark_tasks(trial.benchmark or "", trial.tasks) if trial.local is None else [trial.local.wrapped()]
        )
    embedders, judges = rivals_of(plan)
    as_published = trial.benchmark is not None and plan.protocol == "report"
    has_stage = bool(judges or trial.reranker) and any(can_be_reranked(task) for task in tasks)
    done: dict[str, Stage] = {}
    for system, name in labelled(embedders, plan.trial.embedder, DENSE):
        encoder = plan.wiring.embedder(name, **({"max_length": PUBLISHED_LENGTH} if as_published else {}))
        prompts, given = _prompts(trial, plan, tasks, encoder)
        settings = {"prompts": plan.protocol, "instruction": given}
        dim, keep = plan.trial.config.dim, has_stage and system == DENSE
        done[system] = dense_stage(encoder, name, prompts, tasks, settings=settings, dim=dim, to=to, keep_answers=keep)
    for system, name in labelled(judges, trial.reranker, RERANKED) if has_stage else ():
        judge = plan.wiring.reranker(name, **({"template": "report"} if as_published else {}))
        instruction = given or (REPORT_RERANK_INSTRUCTION if trial.benchmark else None)
        done[system] = rerank_stage(judge, name, instruction, tasks, first=done[DENSE], depth=trial.depth, to=to)
    return done, prompts


def _prompts(
    trial: MtebTrial, plan: EvalPlan, tasks: Sequence[AbsTask], encoder: NamedEncoder
) -> tuple[dict[str, TaskPrompt], str | None]:
    """What stands before the texts of each task, and the one instruction of all of them where there is one."""
    from embedrank.evaluation.mteb.protocols import prompts_of

    given = plan.trial.config.instruction
    if trial.local is not None:  # the same as without mteb
        given = prompting_of(trial.local.folder.name, trial.local.task, plan, encoder).instruction or given
        return prompts_of(plan.protocol, tasks, given=given, reads_instructions=given is not None), given
    reads = getattr(encoder, "default_instruction", None) is not None
    return prompts_of(plan.protocol, tasks, given=given, reads_instructions=reads), given


def _report(trial: MtebTrial, done: Mapping[str, Stage], prompts: Mapping[str, TaskPrompt]) -> dict[str, Any]:
    from embedrank.evaluation.mteb.report import report_json

    last = list(done.values())[-1]
    report = report_json(
        {name: stage.scores for name, stage in done.items()},
        prompts,
        settings=last.settings,
        results={name: str(stage.results) for name, stage in done.items()},
    )
    if trial.local is None:
        return {"benchmark": trial.benchmark, **report}
    local = trial.local
    figures = {ours: last.scores[0].scores[theirs] for ours, theirs in local.figures.items()}
    about = {"data": str(local.folder), "split": local.split, "task": local.task}
    return {**about, **figures, **local.counts, **report}


def _print(trial: MtebTrial, done: Mapping[str, Stage]) -> None:
    from embedrank.cli.render_mteb import score_table

    title = trial.benchmark if trial.local is None else trial.local.title
    console = out()
    console.print(Text(f"{title}, through mteb", style="bold"))
    console.print(score_table({name: stage.scores for name, stage in done.items()}))
