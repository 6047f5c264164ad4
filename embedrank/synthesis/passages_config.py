"""Which files passages come from, and which of their fields mean what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from embedrank.core.errors import ConfigError

FIELDS: Final[Mapping[str, Sequence[str]]] = {
    "id": ("_id", "id"),
    "text": ("text", "contents", "content", "body", "sentence1"),
    "title": ("title",),
    "source": ("source",),
    "lang": ("lang", "language"),
    "label": ("label",),
}
"""Names that each field goes by; the first that a record has is taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PassagesConfig:
    """Settings of the reader.

    Attributes:
        corpus: JSON lines, plain or gzipped, and folders with a `corpus.jsonl` (BEIR); a `*` stands for several files.
        columns: Names of fields in the files for `id`, `text`, `title`, `source`, `lang`, `label`: one name, several of
            which the first that is there is taken, or an empty list where there is none.
        translations: From a language code to the field that holds the text in that language, such as
            `{en: sentence2}`; a field `translations` with texts by language is always read.
        source: Name of the set; None takes the record's, else the name of the folder or file.
        lang: Language of passages that do not say theirs.
        is_code: Whether all passages are code; None looks whether their language is a programming language.
        min_chars: Shorter texts are left out, and counted.
        max_chars: Longer texts are left out, and counted.
    """

    corpus: tuple[str, ...] = ()
    columns: Mapping[str, str | Sequence[str]] = field(default_factory=dict)
    translations: Mapping[str, str] = field(default_factory=dict)
    source: str | None = None
    lang: str | None = None
    is_code: bool | None = None
    min_chars: int = 1
    max_chars: int = 100_000

    def __post_init__(self) -> None:
        for name, columns in self.columns.items():
            if name not in FIELDS:
                raise ConfigError("passages", "columns", name, f"must be one of {', '.join(FIELDS)}")
            if not all(isinstance(column, str) for column in columns):
                raise ConfigError("passages", f"columns.{name}", columns, "must be names of fields")
        if "text" in self.columns and not self.columns["text"]:
            raise ConfigError("passages", "columns.text", self.columns["text"], "a passage needs a text")
        if not all(isinstance(name, str) and name for name in self.corpus):
            raise ConfigError("passages", "corpus", self.corpus, "must be names of files and folders")
        for field_name in ("min_chars", "max_chars"):
            value = getattr(self, field_name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise ConfigError("passages", field_name, value, "must be a whole number of at least 1")
        if self.min_chars > self.max_chars:
            raise ConfigError("passages", "min_chars", self.min_chars, f"is more than max_chars = {self.max_chars}")

    def names_of(self, field_name: str) -> Sequence[str]:
        """Names that a field goes by in the files."""
        columns = self.columns.get(field_name, FIELDS[field_name])
        return (columns,) if isinstance(columns, str) else columns
