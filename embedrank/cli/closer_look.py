"""`embedrank eval --curves` and `--errors`: what a search costs for its quality, and where it goes wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from embedrank.cli.beir_set import beir_title, load
from embedrank.cli.closer_search import CurvesOfTrials, searched
from embedrank.cli.console import note, out, print_json
from embedrank.cli.eval_plan import EvalPlan, prompted_trial
from embedrank.cli.eval_rivals import trials_of
from embedrank.cli.trial import OpenTrial, Trial, opened, truncated_documents
from embedrank.core.errors import InvalidInputError

if TYPE_CHECKING:
    from embedrank.evaluation.beir import BeirSet
    from embedrank.evaluation.errors.gathering import Errors


@dataclass(frozen=True, slots=True, kw_only=True)
class CloserLook:
    """What is wanted beside the table.

    Attributes:
        curves: Folder of the curves; None for none.
        errors: File of the page on errors; None for none.
        num_worst: Queries that the page shows with texts.
        by_mteb: Whether mteb measures, which gives neither.
    """

    curves: Path | None = None
    errors: Path | None = None
    num_worst: int = 100
    by_mteb: bool = False

    def __post_init__(self) -> None:
        if self and self.by_mteb:
            raise InvalidInputError("--curves and --errors", "look at local sets, not through mteb")

    def __bool__(self) -> bool:
        return self.curves is not None or self.errors is not None


def look_closer(
    folders: Sequence[Path], plan: EvalPlan, look: CloserLook, *, extra: Mapping[str, Any], as_json: bool
) -> None:
    """Search all splits, write what is wanted, and print the figures of each stage.

    Args:
        folders: BEIR folders. Of each the split of the plan's name is taken; where there is none, all its parts.
        plan: How.
        look: What is wanted.
        extra: Further fields of the JSON object.
        as_json: Whether stdout gets an object instead of a table.

    Raises:
        InvalidInputError: If something is asked for that does not go with it, or a folder has no such split.
    """
    from embedrank.core.packages import require_packages
    from embedrank.evaluation.errors.gathering import Errors

    require_packages("--curves and --errors", "matplotlib", "jinja2", "sklearn", "scipy", extra="evaluation")
    _require_places(plan, look)
    curves, errors = CurvesOfTrials(plan), Errors(num_worst=look.num_worst)
    facts: dict[str, Any] = {"sets": [], "settings": {}, "notes": []}
    for folder, split in _splits(folders, plan.split):
        dataset = load(folder, split, corpus_prefix=plan.corpus_prefix, max_queries=plan.max_queries, seed=plan.seed)
        note(beir_title(dataset))
        for asked in trials_of(plan) if look.curves is not None else [plan.trial]:
            trial, _ = prompted_trial(folder.name, "retrieval", replace(plan, trial=asked))
            with opened(trial, dataset, plan.wiring) as ready:
                found = searched(trial, dataset, ready)
                if look.curves is not None:
                    curves.add_trial(asked, trial, dataset, ready, found)
                _take_in_facts(facts, trial, dataset, ready)
        errors.add(dataset, found.runs)  # the plan's own models come last
        curves.add_split(dataset, found)
    if look.errors is not None and plan.rivals:
        facts["notes"].append("errors follow the stages of one search, so the page has none of rivals")
    content = {**facts, **curves.content()}
    written = _write(look, content, errors)
    if as_json:
        print_json({**content, "written": [str(path) for path in written], **extra})
        return
    _show(content, written)


def _require_places(plan: EvalPlan, look: CloserLook) -> None:
    from embedrank.evaluation.folder_contents import INSTRUCTION_RETRIEVAL, RETRIEVAL

    if plan.task not in (None, RETRIEVAL, INSTRUCTION_RETRIEVAL) or plan.candidates is not None:
        raise InvalidInputError("--curves and --errors", "look at search only", hint="leave --task, --candidates away")
    if plan.runs is not None:
        raise InvalidInputError("--runs", "does not go with --curves or --errors", hint="write runs in another call")
    if look.errors is not None and not look.errors.parent.is_dir():
        raise InvalidInputError(f"--errors {look.errors}", "its folder is not there")
    if look.curves is not None and (look.curves.is_file() or not look.curves.parent.is_dir()):
        raise InvalidInputError(f"--curves {look.curves}", "is no folder, nor can it be made")


def _splits(folders: Sequence[Path], split: str) -> Iterator[tuple[Path, str]]:
    from embedrank.evaluation.folder_contents import splits_of

    for folder in folders:
        if not (folder / "qrels").is_dir():
            raise InvalidInputError(str(folder), "is no BEIR folder; --curves and --errors look at search only")
        names = splits_of(folder, split)
        if not names:
            raise InvalidInputError(str(folder), f"no split {split!r}")
        for name in [split] if split in names else names:
            yield folder, name


def _take_in_facts(facts: dict[str, Any], trial: Trial, dataset: BeirSet, ready: OpenTrial) -> None:
    from embedrank.evaluation.report import notes

    sizes = {"num_queries": len(dataset.queries), "num_documents": len(dataset.documents)}
    row = {"data": dataset.folder.name, "split": dataset.split, **sizes}
    facts["sets"] += [row] if row not in facts["sets"] else []
    facts["settings"] = trial.settings(ready.pipeline)  # at last those of the plan's own models
    told = [*notes(dataset), *truncated_documents(ready.num_truncated)]
    lines = [f"{dataset.folder.name} {dataset.split}: {line}" for line in told]
    facts["notes"] += [line for line in lines if line not in facts["notes"]]


def _write(look: CloserLook, content: Mapping[str, Any], errors: Errors) -> list[Path]:
    from embedrank.evaluation.curves.writing import write_curves
    from embedrank.evaluation.errors.writing import write_errors

    written = [] if look.curves is None else write_curves(look.curves, content)
    if look.errors is not None:
        facts = {name: content[name] for name in ("sets", "settings", "notes")}
        write_errors(look.errors, {**facts, **errors.content()})
        written.append(look.errors)
    return written


def _show(content: Mapping[str, Any], written: Sequence[Path]) -> None:
    from embedrank.cli.render_report import report_table
    from embedrank.evaluation.report import SystemScore

    scores = [
        SystemScore(name=row["system"], metrics={name: row[name] for name in row if name != "system"}, p_value=None)
        for row in content["systems"]
    ]
    out().print(report_table(scores))
    for line in content["notes"]:
        note(line)
    for path in written:
        note(f"written: {path}")
