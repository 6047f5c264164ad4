"""Several sets in one call: found, measured, kept as each is done, shown as one table."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from embedrank.cli.console import note, out, print_json
from embedrank.cli.eval_plan import EvalPlan
from embedrank.cli.eval_rivals import fingerprints
from embedrank.cli.eval_set import measure_set
from embedrank.core.durable import replace_durably
from embedrank.core.errors import DatasetError, InvalidInputError, StorageError

_BLOCK: Final = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    folder: Path
    split: str
    task: str
    data: str


def sets_in(folder: Path) -> list[Path]:
    """Folders of sets.

    Args:
        folder: Holds one folder a set.

    Returns:
        All that hold jsonl files, sorted.

    Raises:
        InvalidInputError: If it is no folder or there is none in it.
    """
    if not folder.is_dir():
        raise InvalidInputError(f"--all {folder}", "no such folder")
    found = [path for path in sorted(folder.iterdir()) if path.is_dir() and any(path.glob("*.jsonl*"))]
    if not found:
        raise InvalidInputError(f"--all {folder}", "holds no folder with jsonl files")
    return found


def run_suite(
    folders: Sequence[Path], plan: EvalPlan, *, results: Path | None, extra: Mapping[str, Any], as_json: bool
) -> None:
    """Measure all sets and print one table or one object.

    Args:
        folders: The sets.
        plan: How.
        results: Folder where the report of each split is kept and looked for; None keeps none.
        extra: Further fields of the object.
        as_json: Whether stdout gets the object instead of the table.
    """
    from embedrank.cli.render_suite import suite_table
    from embedrank.evaluation.suite import suite_json, suite_rows

    start = time.perf_counter()
    left_out: list[str] = []
    reports = list(_reports(folders, plan, results, left_out))
    if not reports:
        raise InvalidInputError("--data", f"nothing was measured: {'; '.join(left_out)}")
    rows = suite_rows(reports, plan.split)
    main_system = "dense" if plan.trial.embedder else list(reports[-1]["systems"])[-1]
    seconds = round(time.perf_counter() - start, 1)
    if as_json:
        print_json(
            {**suite_json(rows, reports, main_system=main_system), "left_out": left_out, "run_s": seconds, **extra}
        )
        return
    out().print(suite_table(rows))
    for line in left_out:
        note(f"left out: {line}")
    note(f"{len(reports)} splits of {len(rows)} sets in {seconds:g} s; points of 100; * differs from the first system")


def _reports(
    folders: Sequence[Path], plan: EvalPlan, results: Path | None, left_out: list[str]
) -> Iterator[dict[str, Any]]:
    for part in _parts(folders, plan, left_out):
        kept = None if results is None else results / f"{_name(part, plan)}.json"
        if kept is not None and kept.is_file():
            yield _read(kept)
            continue
        note(f"{part.folder.name} {part.split}: {part.task.replace('_', ' ')}")
        try:
            report = dict(measure_set(part.folder, part.split, part.task, plan).content)
        except (DatasetError, InvalidInputError) as error:
            left_out.append(str(error))
            continue
        if kept is not None:
            _write(kept, report)
        yield report


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
                yield _Part(folder=folder, split=split, task=task, data=data)


def _name(part: _Part, plan: EvalPlan) -> str:
    """Names what decides a report: the set, the models, the choices."""
    trial = plan.trial
    identity = {
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


def _write(path: Path, report: Mapping[str, Any]) -> None:
    try:
        replace_durably(path, json.dumps(report, ensure_ascii=False, indent=1) + "\n")
    except OSError as error:
        raise StorageError(path, f"cannot write the report: {error.strerror or error}") from error
