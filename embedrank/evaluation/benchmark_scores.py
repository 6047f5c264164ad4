"""Result files to means by type of task: mteb's own files, one a task, and the reports that `embedrank eval` prints."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Final

import numpy as np

from embedrank.core.errors import DatasetError
from embedrank.evaluation.paper import Scores, ablation_settings

LOCAL: Final = "MTEB(Multilingual, v2)"
_REPORT_MEANS: Final = "means"


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchmarkScores:
    """Our side of a comparison.

    Attributes:
        scores: Benchmark to column to points of 100.
        notes: What is missing, and what must not be read into the numbers.
    """

    scores: Scores
    notes: tuple[str, ...] = ()


def read_results(path: Path) -> BenchmarkScores:
    """Read results.

    Args:
        path: A result file of mteb, a folder of them at any depth, or the JSON of `embedrank eval` over several sets.

    Returns:
        Means over the tasks of each benchmark of the report that has any of them.

    Raises:
        DatasetError: If there is nothing there that can be read.
    """
    tasks: dict[str, float] = {}
    for file, content in _objects(path):
        if _REPORT_MEANS in content:
            return _local(content)
        if "task_name" in content and "scores" in content:
            tasks[str(content["task_name"])] = 100 * _mean_main_score(file, content["scores"])
    if not tasks:
        raise DatasetError(path, "holds no results of mteb (task_name, scores) and no report of several sets (means)")
    found, notes = {}, []
    for benchmark, by_type in benchmarks().items():
        wanted = [name for names in by_type.values() for name in names]
        present = [name for name in wanted if name in tasks]
        if not present:
            continue
        found[benchmark] = _columns(by_type, tasks)
        if len(present) < len(wanted):
            notes.append(f"{benchmark}: {len(present)} of {len(wanted)} tasks; means are over those")
    if not found:
        raise DatasetError(path, f"none of its {len(tasks)} tasks belongs to a benchmark of the report")
    return BenchmarkScores(scores=found, notes=tuple(notes))


def read_ablation(folder: Path) -> dict[str, BenchmarkScores]:
    """Results of the variants of an ablation.

    Args:
        folder: Holds a folder or JSON file for each variant, named after its setting in the report with `-` for blanks:
            `only-synthetic-data`, `without-synthetic-data`, `without-model-merge`, `final`.

    Returns:
        Setting to what `read_results` finds; settings without results are absent.

    Raises:
        DatasetError: If there is none, or one cannot be read.
    """
    found = {}
    for setting in ablation_settings():
        name = setting.replace(" ", "-")
        if path := next((path for path in (folder / name, folder / f"{name}.json") if path.exists()), None):
            found[setting] = read_results(path)
    if not found:
        names = ", ".join(setting.replace(" ", "-") for setting in ablation_settings())
        raise DatasetError(folder, f"holds none of {names} (folders or .json files)")
    return found


@cache
def benchmarks() -> Mapping[str, Mapping[str, list[str]]]:
    """The report's benchmarks: name to type of task to tasks, as the mteb library lists them."""
    path = resources.files("embedrank").joinpath("data/evaluation/benchmarks.json")
    listed: Mapping[str, Mapping[str, list[str]]] = json.loads(path.read_text(encoding="utf-8"))
    return listed


def _columns(by_type: Mapping[str, list[str]], tasks: Mapping[str, float]) -> dict[str, float]:
    """Mean over tasks, mean over types, each type, each task."""
    known = {kind: [tasks[name] for name in names if name in tasks] for kind, names in by_type.items()}
    types = {kind: float(np.mean(values)) for kind, values in known.items() if values}
    means = {
        "mean_task": float(np.mean([value for values in known.values() for value in values])),
        "mean_type": float(np.mean(list(types.values()))),
    }
    own = {name: tasks[name] for names in by_type.values() for name in names if name in tasks}
    return {**means, **types, **own}


def _mean_main_score(file: Path, scores: Any) -> float:
    """As mteb's own score of a task: the mean over splits and subsets."""
    try:
        return float(np.mean([part["main_score"] for parts in scores.values() for part in parts]))
    except (AttributeError, KeyError, TypeError) as error:
        raise DatasetError(file, f"is no result of mteb: {error!r}") from error


def _local(report: Mapping[str, Any]) -> BenchmarkScores:
    columns = {name: 100 * value for name, value in report[_REPORT_MEANS].items() if value is not None}
    note = f"ours are other sets than those of {LOCAL}: the differences tell the level, not a reproduction"
    return BenchmarkScores(scores={LOCAL: columns}, notes=(note,))


def _objects(path: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    if not path.exists():
        raise DatasetError(path, "no such file or folder")
    for file in sorted(path.rglob("*.json")) if path.is_dir() else [path]:
        try:
            content = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise DatasetError(file, f"cannot be read as JSON: {error}") from error
        if isinstance(content, dict):
            yield file, content
