"""The numbers of the technical report as data, and how ours differ from them.

Source: technical report, arXiv 2506.05176, tables 2 to 5 and 7 to 9 (`embedrank/data/paper`)
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Final, TypeAlias

from embedrank.core.errors import InvalidInputError

Scores: TypeAlias = Mapping[str, Mapping[str, float]]
"""Name of a benchmark to `mean_task`, `mean_type`, type of task or name of a task, to points of 100."""

_TABLES: Final = ("multilingual", "overview", "rerankers", "ablation", "english", "chinese", "code")


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperRow:
    """One model in one table.

    Attributes:
        model: Its name.
        scores: What is published of it.
        setting: Which variant of it, in the ablation; else empty.
        size: Parameters as the table says, such as `0.6B`; else empty.
        dim: Dimensions, where the table says.
    """

    model: str
    scores: Scores
    setting: str = ""
    size: str = ""
    dim: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperTable:
    """One table of the report.

    Attributes:
        name: Of its file.
        table: Its number in the report.
        title: What it shows.
        rows: In the order of the report.
        notes: What a reader must know.
    """

    name: str
    table: int
    title: str
    rows: Sequence[PaperRow]
    notes: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One number beside the published one.

    Attributes:
        setting: Which variant of the model, in the ablation; else empty.
        benchmark: Name of the benchmark.
        column: `mean_task`, `mean_type`, a type of task, or a task.
        ours: Points of 100; None where we have none.
        published: Points of 100.
    """

    benchmark: str
    column: str
    ours: float | None
    published: float
    setting: str = ""

    @property
    def difference(self) -> float | None:
        """Ours less the published one."""
        return None if self.ours is None else self.ours - self.published


@cache
def paper_tables() -> Mapping[str, PaperTable]:
    """All tables by name."""
    folder = resources.files("embedrank").joinpath("data/paper")
    tables = {}
    for name in _TABLES:
        raw = json.loads(folder.joinpath(f"{name}.json").read_text(encoding="utf-8"))
        rows = tuple(PaperRow(**row) for row in raw["rows"])
        notes = tuple(raw.get("notes", ()))
        tables[name] = PaperTable(name=name, table=raw["table"], title=raw["title"], rows=rows, notes=notes)
    return MappingProxyType(tables)


def published(model: str) -> dict[str, dict[str, float]]:
    """All that is published of a model, but for the ablation.

    Args:
        model: As the report names it; case does not count.

    Returns:
        Benchmark to column to points of 100; the means come first.

    Raises:
        InvalidInputError: If no table has the model; the error names those there are.
    """
    found: dict[str, dict[str, float]] = {}
    names: dict[str, None] = {}
    for table in paper_tables().values():
        for row in table.rows:
            names[row.model] = None
            if row.model.casefold() == model.casefold() and not row.setting:
                for benchmark, scores in row.scores.items():
                    found.setdefault(benchmark, {}).update(scores)
    if not found:
        raise InvalidInputError(
            f"--compare-paper {model}", f"is in no table of the report; there are {', '.join(names)}"
        )
    means = ("mean_task", "mean_type")
    return {
        benchmark: {name: scores[name] for name in sorted(scores, key=lambda name: name not in means)}
        for benchmark, scores in found.items()
    }


def compare(ours: Scores, model: str) -> list[Compared]:
    """Hold our numbers against a model's.

    Args:
        ours: Benchmark to column to points of 100.
        model: As the report names it.

    Returns:
        Every number published of it on a benchmark that we have something of.

    Raises:
        InvalidInputError: If no table has the model, or we have nothing of what is published of it.
    """
    known = published(model)
    rows = [
        Compared(benchmark=benchmark, column=column, ours=ours[benchmark].get(column), published=value)
        for benchmark, scores in known.items()
        if benchmark in ours
        for column, value in scores.items()
    ]
    if not any(row.ours is not None for row in rows):
        raise InvalidInputError("results", f"hold nothing that is published of {model} ({', '.join(known)})")
    return rows


def ablation_settings() -> tuple[str, ...]:
    """Variants of the model in the report's ablation, in its order."""
    return tuple(row.setting for row in paper_tables()["ablation"].rows)


def compare_ablation(ours: Mapping[str, Scores]) -> list[Compared]:
    """Hold an ablation of ours against the report's.

    Args:
        ours: Setting to benchmark to column to points of 100; settings and benchmarks may be missing.

    Returns:
        The report's table with ours beside it: means over tasks, by setting and benchmark.
    """
    return [
        Compared(
            benchmark=benchmark,
            column=column,
            ours=ours.get(row.setting, {}).get(benchmark, {}).get(column),
            published=value,
            setting=row.setting,
        )
        for row in paper_tables()["ablation"].rows
        for benchmark, scores in row.scores.items()
        for column, value in scores.items()
    ]
