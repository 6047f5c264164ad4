"""What an index was built with, in one small file beside the table."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime, timezone
from pathlib import Path
from typing import Final

from embedrank.core.durable import replace_durably
from embedrank.core.errors import IndexMismatchError, IndexNotFoundError, StorageError
from embedrank.core.prompts import DEFAULT_QUERY_INSTRUCTION
from embedrank.index.analysis import ANALYSER_VERSION
from embedrank.index.chunking import ChunkConfig
from embedrank.index.store.config import TABLE

MANIFEST_NAME: Final = "embedrank-index.json"
FORMAT_VERSION: Final = 2
_CHECKED: Final = ("model_fingerprint", "dim", "query_instruction", "analyser_version")


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="seconds")


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexManifest:
    """The settings that vectors and terms of an index depend on.

    Attributes:
        model_name: Name the model was loaded by; for people.
        model_fingerprint: `Encoder.fingerprint`.
        dim: Length of the stored vectors.
        query_instruction: Task put in front of queries by default; None for raw queries. Documents are embedded raw.
        chunking: How documents are cut.
        analyser_version: Version of the lexical analyser.
        table: Name of the table that holds the chunks.
        created_at: When, UTC.
        format_version: Version of this file and the table beside it.
    """

    model_name: str
    model_fingerprint: str
    dim: int
    query_instruction: str | None = DEFAULT_QUERY_INSTRUCTION
    chunking: ChunkConfig = field(default_factory=ChunkConfig)
    analyser_version: str = ANALYSER_VERSION
    table: str = TABLE
    created_at: str = field(default_factory=_now)
    format_version: int = FORMAT_VERSION

    def save(self, folder: Path | str) -> None:
        """Write the file in one atomic step.

        Args:
            folder: Folder of the index; made where it is missing.

        Raises:
            StorageError: If it cannot be written.
        """
        target = Path(folder) / MANIFEST_NAME
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            replace_durably(target, json.dumps(asdict(self), indent=2, ensure_ascii=False))
        except OSError as error:
            raise StorageError(target, f"cannot be written ({error.strerror or error})") from error

    @classmethod
    def load(cls, folder: Path | str) -> IndexManifest:
        """Read the file.

        Args:
            folder: Folder of the index.

        Returns:
            The manifest.

        Raises:
            IndexNotFoundError: If there is none.
            StorageError: If it is damaged or of a newer format.
        """
        path = Path(folder) / MANIFEST_NAME
        try:
            values = json.loads(path.read_text("utf-8"))
        except (FileNotFoundError, NotADirectoryError):
            raise IndexNotFoundError(folder) from None
        except OSError as error:
            raise StorageError(path, f"cannot be read ({error.strerror or error})") from error
        except ValueError as error:
            raise StorageError(path, f"is damaged ({error}); build the index again") from error
        return cls._from(path, values)

    @classmethod
    def _from(cls, path: Path, values: object) -> IndexManifest:
        version = values.get("format_version") if isinstance(values, dict) else None
        if not isinstance(values, dict) or not isinstance(version, int):
            raise StorageError(path, "is damaged (no format_version); build the index again")
        if version > FORMAT_VERSION:
            raise StorageError(
                path, f"has format {version}, this embedrank reads up to {FORMAT_VERSION}; upgrade embedrank"
            )
        unknown = set(values) - {known.name for known in fields(cls)}
        try:
            return cls(**{**values, "chunking": ChunkConfig(**values["chunking"])})
        except (TypeError, KeyError, ValueError) as error:
            named = f"unknown field {min(unknown)}" if unknown else str(error)
            raise StorageError(path, f"is damaged ({named}); build the index again") from error

    def check(self, folder: Path | str, **given: object) -> None:
        """Refuse to open an index with other settings than it was built with.

        Args:
            folder: Folder of the index, named in the error.
            **given: Any of `model_fingerprint`, `dim`, `query_instruction`, `analyser_version`.

        Raises:
            IndexMismatchError: Naming the first field that differs.
        """
        for name, value in {"analyser_version": ANALYSER_VERSION, **given}.items():
            assert name in _CHECKED, name
            stored = getattr(self, name)
            if stored != value:
                raise IndexMismatchError(folder, name, stored=stored, given=value)
