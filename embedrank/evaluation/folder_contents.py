"""What an evaluation folder holds, by looking at its files, and what it can be measured by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import Final

from embedrank.core.beir_files import qrels_path, read_objects, read_qrels
from embedrank.core.errors import DatasetError, InvalidInputError
from embedrank.evaluation.beir_rows import query_rows
from embedrank.evaluation.split_files import split_names, split_path
from embedrank.evaluation.tasks.instruction_retrieval import changed_documents
from embedrank.evaluation.tasks.registry import TASKS

RETRIEVAL: Final = "retrieval"
INSTRUCTION_RETRIEVAL: Final = "instruction_retrieval"
RERANKING: Final = "reranking"
BEIR: Final = "BEIR"
ALL_TASKS: Final = (RETRIEVAL, INSTRUCTION_RETRIEVAL, RERANKING, *TASKS)
_ROWS_LOOKED_AT: Final = 2000

_BY_CONTENTS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        BEIR: (RETRIEVAL, INSTRUCTION_RETRIEVAL, RERANKING),
        "graded pairs": ("sts",),
        "pairs scored 0 or 1": ("pair_classification", "sts"),
        "translations": ("bitext",),
        "labelled texts": ("classification", "clustering"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderContents:
    """What was found.

    Attributes:
        contents: Key of the table of contents: `BEIR`, `graded pairs`, ...
        tasks: What it is measured by where nobody says otherwise; the first one where only one is wanted.
    """

    contents: str
    tasks: tuple[str, ...]

    @property
    def possible(self) -> tuple[str, ...]:
        """All tasks that such a folder can be used for."""
        return _BY_CONTENTS[self.contents]

    def chosen(self, wanted: str | None, folder: Path) -> str:
        """The one task to run.

        Args:
            wanted: What the user asks for; None for the natural one.
            folder: For the error.

        Returns:
            Its name.

        Raises:
            InvalidInputError: If there is no such task, or the folder cannot be used for it.
        """
        if wanted is None:
            return self.tasks[0]
        require_task(wanted)
        if wanted not in self.possible:
            fitting = ", ".join(self.possible)
            raise InvalidInputError(
                f"--task {wanted}", f"{folder} holds {self.contents}, which is measured by {fitting}"
            )
        return wanted


def require_task(name: str) -> None:
    """Refuse a task that does not exist.

    Args:
        name: What the user asks for.

    Raises:
        InvalidInputError: If there is none of that name.
    """
    if name not in ALL_TASKS:
        raise InvalidInputError(f"--task {name}", f"is none of {', '.join(ALL_TASKS)}")


def recognise(folder: Path, split: str) -> FolderContents:
    """Look at one split of a folder.

    Args:
        folder: The folder.
        split: Name of a qrels or pair file without suffix.

    Returns:
        What it holds.

    Raises:
        DatasetError: If the split is missing, or its rows are of no kind that is known.
    """
    if not folder.is_dir():
        raise DatasetError(folder, "no such folder" if not folder.exists() else "is not a folder")
    if (folder / "qrels").is_dir() or any(folder.glob("corpus.jsonl*")):
        return FolderContents(contents=BEIR, tasks=_beir_tasks(folder, split))
    if not split_names(folder):
        raise DatasetError(folder, "holds neither a BEIR set (corpus.jsonl, queries.jsonl, qrels/) nor SPLIT.jsonl")
    contents = _row_contents(split_path(folder, split))
    tasks = _BY_CONTENTS[contents]
    if contents != "labelled texts":
        return FolderContents(contents=contents, tasks=tasks[:1])
    learns = "train" in split_names(folder) and split != "train"
    return FolderContents(contents=contents, tasks=tasks if learns else tasks[1:])


def splits_of(folder: Path, split: str) -> list[str]:
    """All splits of a folder that a name stands for: itself, `NAME.part`, `NAME_variant` and `NAME_variant.part`.

    Args:
        folder: A BEIR folder, or one of pair files.
        split: Such as `test`.

    Returns:
        Names without suffix, sorted; none where the folder has none.
    """
    files = [path.name for path in folder.glob("qrels/*.tsv*")]
    names = {name.removesuffix(".gz").removesuffix(".tsv") for name in files} or set(split_names(folder))
    return sorted(name for name in names if name == split or name.startswith((f"{split}.", f"{split}_")))


def _beir_tasks(folder: Path, split: str) -> tuple[str, ...]:
    qrels = read_qrels(qrels_path(folder, split))
    first = RETRIEVAL
    for query in query_rows(folder):
        if query.id in qrels and ("instruction" in query.metadata or {"group", "base"} & query.metadata.keys()):
            first = INSTRUCTION_RETRIEVAL
            break
    if changed_documents(qrels):
        first = INSTRUCTION_RETRIEVAL
    has_irrelevant = any(grade <= 0 for grades in qrels.values() for grade in grades.values())
    return (first, RERANKING) if has_irrelevant else (first,)


def _row_contents(path: Path) -> str:
    rows = [(line, row) for line, row in islice(read_objects(path), _ROWS_LOOKED_AT)]
    if not rows:
        raise DatasetError(path, "holds no rows")
    line, first = rows[0]
    if "text" in first and "label" in first:
        return "labelled texts"
    if "sentence1" in first and "sentence2" in first:
        if "score" not in first:
            return "translations"
        return "pairs scored 0 or 1" if {row.get("score") for _, row in rows} <= {0, 1} else "graded pairs"
    raise DatasetError(
        path,
        f"has fields {', '.join(first)}; known are text + label, sentence1 + sentence2, sentence1 + sentence2 + score",
        line=line,
    )
