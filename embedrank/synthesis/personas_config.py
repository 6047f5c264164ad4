"""Where personas come from, and how many of them are shown for a passage."""

from __future__ import annotations

from dataclasses import dataclass

from embedrank.core.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonasConfig:
    """Settings of personas.

    Attributes:
        files: Lists of personas: JSON lines with a field `persona`, or text with one a line; plain or gzipped. Empty
            for the library of this package.
        candidates: Personas shown to the configure step for each passage.
    """

    files: tuple[str, ...] = ()
    candidates: int = 5

    def __post_init__(self) -> None:
        if isinstance(self.candidates, bool) or not isinstance(self.candidates, int) or self.candidates < 1:
            raise ConfigError("personas", "candidates", self.candidates, "must be a whole number of at least 1")
        if not all(isinstance(name, str) and name for name in self.files):
            raise ConfigError("personas", "files", self.files, "must be names of files")
