"""Where the rows of one source lie and how they are read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from embedrank.core.errors import ConfigError
from embedrank.core.settings import build
from embedrank.training.tasks import TASKS

FORMATS: Final = ("jsonl", "parquet", "dataset", "hub", "beir")
ROLES: Final = ("query", "positives", "negatives", "label", "score", "task", "instruction", "source", "lang")
ON_MALFORMED: Final = ("error", "skip")


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceConfig:
    """One source of training rows.

    Attributes:
        files: Files, folders, patterns such as `part-*.jsonl`, or names on a hub; read one after another.
        format: One of `FORMATS`; None tells by what is there. Names on a hub need `hub`.
        dataset: A Hugging Face dataset in memory, instead of files.
        task: Task of rows that do not say it; None takes that of the layout.
        columns: Role (one of `ROLES`) to the column or columns that play it; None recognises the layout.
        ignore: Columns that are not read; any other column without a role is an error.
        split: Split of a BEIR folder or of a dataset.
        subset: Configuration of a set on a hub.
        revision: Commit of a set on a hub; without one, changes there go unnoticed.
        min_grade: Least grade of a relevant document in a BEIR folder.
        judged_negatives: Whether documents of grade 0 or less become negatives.
        on_malformed: `error` stops at a row that cannot be used; `skip` leaves it out and counts it.
        split_by_source: Whether rows that name a source of their own are mixed under that name.
    """

    files: Sequence[str] = ()
    format: str | None = None
    dataset: Any = None
    task: str | None = None
    columns: Mapping[str, str | Sequence[str]] | None = None
    ignore: Sequence[str] = ()
    split: str = "train"
    subset: str | None = None
    revision: str | None = None
    min_grade: int = 1
    judged_negatives: bool = False
    on_malformed: str = "error"
    split_by_source: bool = False

    def __post_init__(self) -> None:
        if isinstance(self.files, str) or bool(self.files) == (self.dataset is not None):
            raise ConfigError("SourceConfig", "files", self.files, "must be a list, or empty beside a dataset")
        if self.dataset is not None and not hasattr(self.dataset, "_fingerprint"):
            raise ConfigError("SourceConfig", "dataset", type(self.dataset).__name__, "must be one split, not a stream")
        choices = {"format": FORMATS, "task": TASKS, "on_malformed": ON_MALFORMED}
        for name, known in choices.items():
            if (value := getattr(self, name)) is not None and value not in known:
                raise ConfigError("SourceConfig", name, value, f"must be one of {', '.join(known)}")
        if unknown := sorted(set(self.columns or {}) - set(ROLES)):
            raise ConfigError("SourceConfig", "columns", unknown, f"roles are {', '.join(ROLES)}")
        if self.columns and not ("query" in self.columns and {"positives", "label"} & set(self.columns)):
            raise ConfigError("SourceConfig", "columns", dict(self.columns), "needs query, and positives or label")
        if self.min_grade < 1:
            raise ConfigError("SourceConfig", "min_grade", self.min_grade, "must be at least 1")


def sources_of(component: str, sources: Any) -> dict[str, SourceConfig]:
    """Make sources of what a YAML file holds for several.

    Args:
        component: Whose setting it is, for the error.
        sources: A mapping of names to what `source_of` takes.

    Returns:
        Name to checked source.

    Raises:
        ConfigError: If it is no mapping, or a source is unsound.
    """
    if not isinstance(sources, Mapping):
        raise ConfigError(component, "sources", sources, "must be a mapping")
    return {name: source_of(each) for name, each in sources.items()}


def source_of(each: Any) -> SourceConfig:
    """Make a source of what a YAML file holds for it.

    Args:
        each: A file, a list of files, or a mapping.

    Returns:
        The checked source.

    Raises:
        ConfigError: If it is something else, or a key is unknown or unsound.
    """
    settings = {"files": each} if isinstance(each, list | str) else each
    if not isinstance(settings, Mapping):
        raise ConfigError("SourceConfig", "source", each, "must be a file, a list of files, or a mapping")
    files = settings.get("files", ())
    return build(SourceConfig, {**settings, "files": [files] if isinstance(files, str) else files})
