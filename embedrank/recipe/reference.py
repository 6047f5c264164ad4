"""What a step's settings name as input: another step's output, the data folder, a file beside the recipe, a path."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePath
from typing import Final

DATA: Final = "data"
HERE: Final = "here"
RESERVED: Final = (DATA, HERE)
_FORM: Final = re.compile(r"([A-Za-z][\w-]*)(?:\.([A-Za-z][\w-]*))?(?:/(.+))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """One input, written `STEP`, `STEP.OUTPUT`, `STEP/PART`, `data/PART`, `here/PART`, or as an absolute path.

    Attributes:
        text: As it was written.
        step: The step whose output it is; `data` and `here` for the folders of these names; empty for a path.
        output: Name of the output; empty for the first.
        part: File or folder below it, or a pattern such as `weak-*.jsonl`; empty for all of it.
    """

    text: str
    step: str = ""
    output: str = ""
    part: str = ""

    @property
    def of_step(self) -> str | None:
        """The step that has to run before; None where there is none."""
        return None if not self.step or self.step in RESERVED else self.step


def read_reference(text: str) -> Reference | None:
    """Take a reference apart.

    Args:
        text: As it was written.

    Returns:
        Its parts; None where it has not the form of one.
    """
    if PurePath(text).is_absolute():
        return Reference(text=text, part=text)
    form = _FORM.fullmatch(text)
    if form is None:
        return None
    step, output, part = form.groups()
    if step in RESERVED and output:
        return None
    return Reference(text=text, step=step, output=output or "", part=part or "")
