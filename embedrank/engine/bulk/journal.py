"""What an unfinished run was asked for and how far it is: one small file, replaced as a whole at every commit."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from embedrank.core.durable import replace_durably
from embedrank.core.errors import ResumeError, StorageError

Plan: TypeAlias = Mapping[str, object]
"""JSON values by name; a run may go on only where all are equal."""

Lengths: TypeAlias = npt.NDArray[np.int32]

_VERSION: Final = 1
_INPUTS: Final = "inputs"
_CUTS_SHOWN: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a run is.

    Attributes:
        num_rows: Rows committed.
        num_distinct: Distinct texts computed.
        num_tokens: Tokens that the model read.
        num_truncated: Rows whose text was cut.
        truncated: The first of them, for people.
        row_bytes: Length of the file of rows.
        num_blank: Blank lines left out; counted when the input was read to its end.
        is_complete: Whether it was.
    """

    num_rows: int = 0
    num_distinct: int = 0
    num_tokens: int = 0
    num_truncated: int = 0
    truncated: Sequence[str] = ()
    row_bytes: int = 0
    num_blank: int = 0
    is_complete: bool = False

    def plus(self, ids: Sequence[str], lengths: Lengths, computed: Lengths, *, row_bytes: int = 0) -> Progress:
        """Count a chunk.

        Args:
            ids: Names of its rows.
            lengths: `[n, 2]` of its rows: tokens read, tokens of the whole text.
            computed: The same of the texts of it that were new.
            row_bytes: What it added to the file of rows.

        Returns:
            This, with the chunk counted.
        """
        cut = np.flatnonzero(lengths[:, 1] > lengths[:, 0])
        wanted = cut[: max(_CUTS_SHOWN - len(self.truncated), 0)]
        shown = [f"{ids[row]} ({lengths[row, 1]} tokens, {lengths[row, 0]} read)" for row in wanted]
        return replace(
            self,
            num_rows=self.num_rows + len(ids),
            num_distinct=self.num_distinct + len(computed),
            num_tokens=self.num_tokens + int(computed[:, 0].sum()),
            num_truncated=self.num_truncated + len(cut),
            truncated=[*self.truncated, *shown],
            row_bytes=self.row_bytes + row_bytes,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Journal:
    """One state of the file: what was asked for, and how far the run is."""

    plan: Plan
    progress: Progress

    @classmethod
    def read(cls, path: Path) -> Journal | None:
        """Read the file.

        Args:
            path: The file.

        Returns:
            Its content; None where there is no file.

        Raises:
            StorageError: If it is damaged or of another version.
        """
        try:
            raw = json.loads(path.read_text(encoding="utf-8"))
            if raw["version"] != _VERSION:
                raise StorageError(path, f"is of version {raw['version']}, not {_VERSION} (begin anew with --restart)")
            known = {field.name for field in fields(Progress)}
            progress = Progress(**{name: value for name, value in raw["progress"].items() if name in known})
            return cls(plan=raw["plan"], progress=progress)
        except FileNotFoundError:
            return None
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise StorageError(path, f"is damaged: {error} (begin anew with --restart)") from error

    def write(self, path: Path) -> None:
        """Replace the file in one step, durably.

        Args:
            path: The file.
        """
        content = {"version": _VERSION, "plan": self.plan, "progress": asdict(self.progress)}
        replace_durably(path, json.dumps(content, ensure_ascii=False, indent=1))


def require_same(path: Path, stored: Plan, given: Plan) -> None:
    """Refuse to go on with a run that was begun otherwise.

    Args:
        path: Where the unfinished run lies.
        stored: What it was begun with.
        given: What it is to go on with; may leave out what is not known yet.

    Raises:
        ResumeError: If a value of both differs, naming each.
    """
    differences = []
    for name, value in given.items():
        if name not in stored or stored[name] == value:
            continue
        if name == _INPUTS:
            differences += _changed_inputs(stored[name], value)
        else:
            differences.append(f"{name.replace('_', ' ')} was {_shown(stored[name])}, is {_shown(value)}")
    if differences:
        raise ResumeError(path, differences)


def _changed_inputs(stored: object, given: object) -> list[str]:
    assert isinstance(stored, list) and isinstance(given, list)
    if [row[0] for row in stored] != [row[0] for row in given]:
        return [f"input was {', '.join(row[0] for row in stored)}, is {', '.join(row[0] for row in given)}"]
    changed = [(old, new) for old, new in zip(stored, given, strict=True) if old != new]
    return [f"input {new[0]} changed ({_change(old, new)})" for old, new in changed]


def _change(old: Sequence[object], new: Sequence[object]) -> str:
    return f"{old[1]} bytes, now {new[1]}" if old[1] != new[1] else "written to since, same size"


def _shown(value: object) -> str:
    return "not given" if value is None else str(value)
