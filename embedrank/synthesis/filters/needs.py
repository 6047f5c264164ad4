"""What filters need that settings cannot hold: models, the corpus, a folder to work in."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from embedrank.core.errors import ConfigError
from embedrank.core.protocols import Encoder, TextGenerator
from embedrank.synthesis.passage import Passage


def _tell_nobody(work: str, num_done: int) -> None:
    """Nobody wants to know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterNeeds:
    """Each is only needed if a filter that uses it is chosen.

    Attributes:
        encoder: Embeds queries and passages, for `cosine` and `round_trip`. One with a cache spares the second of them
            the work of the first.
        passages: Reads the corpus from its beginning, each time in the same order, for `round_trip`.
        generator: Answers the judge.
        evaluation: Folders of evaluation sets, beside those that the settings of `decontaminate` name.
        work: A folder that stays between runs, for vectors of the corpus.
        tell: Told what is being done before rows can be judged, and how many of it are done.
    """

    encoder: Encoder | None = None
    passages: Callable[[], Iterable[Passage]] | None = None
    generator: TextGenerator | None = None
    evaluation: tuple[Path, ...] = ()
    work: Path | None = None
    tell: Callable[[str, int], None] = _tell_nobody

    def encoder_for(self, name: str) -> Encoder:
        """The encoder.

        Args:
            name: The filter that wants it.

        Returns:
            It.

        Raises:
            ConfigError: If there is none.
        """
        if self.encoder is None:
            raise ConfigError("filters", name, None, "needs an embedding model, and none was given")
        return self.encoder
