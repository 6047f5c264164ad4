"""A step of synthesis: asks a generator something about a draft, and takes the answer into the draft."""

from __future__ import annotations

from typing import Protocol

from embedrank.core.generation import GenerationRequest
from embedrank.synthesis.draft import Draft, Rejected


class Step(Protocol):
    """Pure: the same draft and answer always give the same result, so that a run can be begun again."""

    @property
    def name(self) -> str:
        """What reports call it."""
        ...

    def request(self, draft: Draft) -> GenerationRequest | None:
        """What to ask, or None where this draft does not need the step."""
        ...

    def take(self, draft: Draft, answer: str) -> Draft | Rejected:
        """The draft with what the answer says, or why it cannot be used; never raises because of an answer."""
        ...
