"""What a kind of row is."""

from __future__ import annotations

from typing import Protocol

from embedrank.synthesis.context import StepContext
from embedrank.synthesis.draft import Draft, Rejected, Wish
from embedrank.synthesis.passage import Passage
from embedrank.synthesis.step import Step


class Kind(Protocol):
    """Pure, as steps are. The order of calls: `begin`, the steps, `finish`."""

    @property
    def name(self) -> str:
        """Key in `KINDS`."""
        ...

    @property
    def task(self) -> str:
        """Task of its training rows."""
        ...

    def unserved(self, passage: Passage) -> str | None:
        """Why no row of this kind can be made of the passage, short and the same for all of its kind; else None."""
        ...

    def has_asker(self, wish: Wish) -> bool:
        """Whether a row of this kind is asked for by somebody, so that personas are looked up."""
        ...

    def begin(self, draft: Draft) -> Draft | Rejected:
        """The draft with what is decided before anything is asked, such as the sentence it is about."""
        ...

    def steps(self, context: StepContext) -> tuple[Step, ...]:
        """What is asked for a draft, in order."""
        ...

    def finish(self, draft: Draft, context: StepContext) -> Draft | Rejected:
        """The draft with its row; every step has been taken or was not needed."""
        ...
