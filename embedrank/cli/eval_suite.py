"""Several sets in one call: found, measured, kept as each is done, shown as one table."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from embedrank.cli.console import note, out, print_json
from embedrank.cli.eval_plan import EvalPlan
from embedrank.cli.eval_rivals import fingerprints, rivals_of
from embedrank.cli.eval_set import measure_set
from embedrank.cli.suite_lines import ABOVE, BELOW
from embedrank.core.durable import replace_durably
from embedrank.core.errors import DatasetError, InvalidInputError, StorageError

if TYPE_CHECKING:
    from embedrank.evaluation.suite import SuiteRow

REPORT_FIELDS: Final = 2  # counts up when kept reports lack what is shown
_BLOCK: Final = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    folder: Path
    split: str
    task: str
    data: str
    plan: EvalPlan


def sets_in(folder: Path) -> tuple[list[Path], list[str]]:
    """Folders of sets.

    Args:
        folder: Holds one folder a set.

    Returns:
        All that hold jsonl files, sorted; and a line for each folder that holds none.

    Raises:
        InvalidInputError: If it is no folder or there is none in it.
    """
    if not folder.is_dir():
        raise InvalidInputError(f"--all {folder}", "no such folder")
    inside = [path for path in sorted(folder.iterdir()) if path.is_dir()]
    found = [path for path in inside if any(path.glob("*.jsonl*"))]
    if not found:
        raise InvalidInputError(f"--all {folder}", "holds no folder with jsonl files")
    return found, [f"{path}: holds no jsonl files" for path in inside if path not in found]


def run_suite(
    folders: Sequence[Path],
    plan: EvalPlan,
    passed_over: Sequence[str],
    *,
    results: Path | None,
    extra: Mapping[str, Any],
    markdown: Path | None,
    as_json: bool,
) -> None:
    """Measure all sets and print one table or one object.

    Args:
        folders: The sets.
        plan: How.
        passed_over: What is no set, with the reason.
        results: Folder where the report of each split is kept and looked for; None keeps none.
        extra: Further fields of the object.
        markdown: File for the table; None for none.
        as_json: Whether stdout gets the object instead of the table.
    """
    from embedrank.cli.render_suite import print_suite, suite_markdown
    from embedrank.evaluation.suite import suite_json, suite_rows

    start = time.perf_counter()
    left_out = list(passed_over)
    reports = list(_reports(folders, plan, results, left_out))
    if not reports:
        raise InvalidInputError("--data", f"nothing was measured: {'; '.join(left_out)}")
    rows = suite_rows(reports, plan.split)
    main_system = "dense" if plan.trial.embedder else list(reports[-1]["systems"])[-1]
    seconds = round(time.perf_counter() - start, 1)
    told = [*(f"left out: {line}" for line in left_out), _total(rows, len(reports), seconds)]
    if markdown is not None:
        _write(markdown, suite_markdown(rows, told))
    if as_json:
        print_json(
            {**suite_json(rows, reports, main_system=main_system), "left_out": left_out, "run_s": seconds, **extra}
        )
        return
    print_suite(rows, out())
    for line in told:
        note(line)


def _total(rows: Sequence[SuiteRow], num_splits: int, seconds: float) -> str:
    from embedrank.evaluation.suite import baseline_of

    num_sets = len({row.folder for row in rows})
    measured_s, num_embedded = sum(row.seconds for row in rows), sum(row.num_embedded for row in rows)
    marks = baseline_of(rows)
    return (
        f"{num_splits} splits of {num_sets} sets in {seconds:g} s, of which kept reports saved "
        f"{max(measured_s - seconds, 0):.0f} s; {num_embedded:,} texts embedded; points of 100"
        + (f"; {ABOVE} better and {BELOW} worse than {marks} in nDCG@10" if marks else "")
    )


def _reports(
    folders: Sequence[Path], plan: EvalPlan, results: Path | None, left_out: list[str]
) -> Iterator[dict[str, Any]]:
    for part in _parts(folders, plan, left_out):
        kept = None if results is None else results / f"{_name(part)}.json"
        if kept is not None and kept.is_file():
            yield _read(kept)
            continue
        note(f"{part.folder.name} {part.split}: {part.task.replace('_', ' ')}")
        start, embedded = time.perf_counter(), _num_embedded(plan)
        try:
            measured = measure_set(part.folder, part.split, part.task, part.plan)
        except (DatasetError, InvalidInputError) as error:
            left_out.append(f"{part.folder.name} {part.split}, {part.task.replace('_', ' ')}: {error}")
            continue
        work = {"seconds": round(time.perf_counter() - start, 2), "embedded": _num_embedded(plan) - embedded}
        report = {**measured.content, "work": work, "by_query": measured.by_query}
        if kept is not None:
            _write(kept, json.dumps(report, ensure_ascii=False, indent=1) + "\n")
        yield report


def _num_embedded(plan: EvalPlan) -> int:
    """Texts that embedders of the call have read so far."""
    names = [plan.trial.embedder, *rivals_of(plan)[0]]
    encoder = next((plan.wiring.embedder(name) for name in names if name is not None), None)
    counts: Mapping[str, int] = getattr(encoder, "cache_counts", {})
    return counts.get("misses", 0)


def _parts(folders: Sequence[Path], plan: EvalPlan, left_out: list[str]) -> Iterator[_Part]:
    from embedrank.evaluation.folder_contents import recognise, splits_of

    for folder in folders:
        splits = splits_of(folder, plan.split)
        if not splits:
            left_out.append(f"{folder}: no split {plan.split!r}")
        data = _digest_of_files(folder) if splits else ""
        for split in splits:
            try:
                contents = recognise(folder, split)
            except DatasetError as error:
                left_out.append(str(error))
                continue
            wanted = contents.tasks if plan.task is None else tuple({plan.task} & set(contents.possible))
            for task in wanted:
                yield _Part(folder=folder, split=split, task=task, data=data, plan=_share(plan, len(splits)))


def _share(plan: EvalPlan, num_splits: int) -> EvalPlan:
    """The plan for one of several splits, of which a set with a limit gives each an equal number of queries."""
    if plan.max_set_queries is None:
        return plan
    each = -(-plan.max_set_queries // num_splits)
    return replace(plan, max_queries=each if plan.max_queries is None else min(each, plan.max_queries))


def _name(part: _Part) -> str:
    """Names what decides a report: the set, the models, the choices."""
    plan, trial = part.plan, part.plan.trial
    identity = {
        "fields": REPORT_FIELDS,
        "data": part.data,
        "trial": repr(trial),
        "embedder": None if trial.embedder is None else plan.wiring.embedder(trial.embedder).fingerprint,
        "reranker": None if trial.reranker is None else _fingerprint(plan.wiring.reranker(trial.reranker)),
        "rivals": [list(plan.rivals), fingerprints(plan)],
        "choices": [plan.protocol, plan.corpus_prefix, plan.max_queries, plan.seed],
    }
    digest = hashlib.blake2b(json.dumps(identity, sort_keys=True).encode(), digest_size=6).hexdigest()
    return f"{part.folder.name}.{part.split}.{part.task}.{digest}"


def _fingerprint(model: object) -> str | None:
    return getattr(model, "fingerprint", None)


def _digest_of_files(folder: Path) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for path in sorted([*folder.glob("*.jsonl*"), *folder.glob("qrels/*.tsv*")]):
        digest.update(path.name.encode())
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
    return digest.hexdigest()


def _read(path: Path) -> dict[str, Any]:
    try:
        report: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise StorageError(path, f"is no report (delete it, and it is measured again): {error}") from error
    return report


def _write(path: Path, content: str) -> None:
    try:
        replace_durably(path, content)
    except OSError as error:
        raise StorageError(path, f"cannot be written: {error.strerror or error}") from error
