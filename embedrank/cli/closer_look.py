"""`embedrank eval --curves` and `--errors`: what a search costs for its quality, and where it goes wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from embedrank.cli.beir_set import beir_title, load
from embedrank.cli.console import note, out, print_json, progress
from embedrank.cli.eval_plan import EvalPlan, prompted_trial
from embedrank.cli.latency import timed_stages
from embedrank.cli.trial import OpenTrial, Trial, by_instruction, opened, truncated_documents
from embedrank.core.errors import InvalidInputError

if TYPE_CHECKING:
    from embedrank.core.types import FloatArray, Scored
    from embedrank.evaluation.beir import BeirSet
    from embedrank.evaluation.curves.gathering import Curves
    from embedrank.evaluation.errors.gathering import Errors

_DEPTHS: Final = (0, 2, 5, 10, 20, 30, 50, 75, 100, 150, 200)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Searched:
    """One split, searched."""

    runs: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    at_depths: dict[int, dict[str, list[str]]] = field(default_factory=dict)
    logits: dict[str, Mapping[str, float]] = field(default_factory=dict)


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
    from embedrank.evaluation.curves.gathering import Curves
    from embedrank.evaluation.errors.gathering import Errors

    require_packages("--curves and --errors", "matplotlib", "jinja2", "sklearn", "scipy", extra="evaluation")
    _require_places(plan, look)
    curves, errors = Curves(), Errors(num_worst=look.num_worst)
    facts: dict[str, Any] = {"sets": [], "settings": {}, "notes": []}
    latency: list[dict[str, Any]] = []
    for folder, split in _splits(folders, plan.split):
        dataset = load(folder, split, corpus_prefix=plan.corpus_prefix, max_queries=plan.max_queries, seed=plan.seed)
        note(beir_title(dataset))
        trial, _ = prompted_trial(folder.name, "retrieval", plan)
        with opened(trial, dataset, plan.wiring) as ready:
            searched = _searched(trial, dataset, ready)
            _take_in(curves, errors, dataset, searched)
            if look.curves is not None:
                _take_in_vectors(curves, trial, dataset, ready)
                latency = latency or _timed(trial, dataset, ready)
            _take_in_facts(facts, trial, dataset, ready)
    content = {**facts, **curves.content(latency=latency)}
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


def _searched(trial: Trial, dataset: BeirSet, ready: OpenTrial) -> _Searched:
    from embedrank.search.trial import at_depth, systems_of

    found, depths = _Searched(), _depths(trial.config.rerank_depth)
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


def _take_in(curves: Curves, errors: Errors, dataset: BeirSet, searched: _Searched) -> None:
    curves.add_systems(dataset, searched.runs)
    curves.add_depths(dataset, searched.at_depths)
    curves.add_verdicts(dataset, searched.logits)
    errors.add(dataset, searched.runs)


def _take_in_vectors(curves: Curves, trial: Trial, dataset: BeirSet, ready: OpenTrial) -> None:
    import numpy as np

    from embedrank.core.types import joined_text

    encoder = ready.pipeline.encoder
    if encoder is None:
        return
    dim, vectors = trial.config.dim, dict[str, "FloatArray"]()
    for config, queries in by_instruction(dataset, trial.config):
        rows = encoder.encode_queries(list(queries.values()), instruction=config.instruction, dim=dim)
        vectors |= dict(zip(queries, rows, strict=True))
    documents = encoder.encode_documents([joined_text(row.title, row.text) for row in dataset.documents], dim=dim)
    curves.add_vectors(
        dataset, np.stack([vectors[query] for query in dataset.queries]), documents, top=trial.config.recall
    )


def _timed(trial: Trial, dataset: BeirSet, ready: OpenTrial) -> list[dict[str, Any]]:
    config, queries = next(by_instruction(dataset, trial.config))
    return timed_stages(ready.pipeline, list(queries.values()), config, depths=_depths(trial.config.rerank_depth))


def _take_in_facts(facts: dict[str, Any], trial: Trial, dataset: BeirSet, ready: OpenTrial) -> None:
    from embedrank.evaluation.report import notes

    sizes = {"num_queries": len(dataset.queries), "num_documents": len(dataset.documents)}
    facts["sets"].append({"data": dataset.folder.name, "split": dataset.split, **sizes})
    facts["settings"] |= trial.settings(ready.pipeline)
    told = [*notes(dataset), *truncated_documents(ready.num_truncated)]
    facts["notes"] += [f"{dataset.folder.name} {dataset.split}: {line}" for line in told]


def _depths(deepest: int) -> list[int]:
    return [*(depth for depth in _DEPTHS if depth < deepest), deepest]


def _ids(rows: Sequence[Scored]) -> list[str]:
    return [row.id for row in rows]


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
