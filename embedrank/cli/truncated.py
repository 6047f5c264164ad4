"""Tells which texts a model read only the beginning of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from embedrank.cli.console import note

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embedrank.core.types import Truncation
    from embedrank.engine.bulk.input_text import InputText

_SHOWN: Final = 3


def note_truncations(cuts: Sequence[Truncation], texts: Sequence[InputText]) -> None:
    """One line on stderr; nothing where no text was cut.

    Args:
        cuts: What the model cut.
        texts: What it was given; `cuts` points into it.
    """
    if not cuts:
        return
    shown = [f"{texts[cut.index].id} ({cut.num_tokens} tokens, {cut.kept_tokens} read)" for cut in cuts[:_SHOWN]]
    more = f" and {len(cuts) - len(shown)} more" if len(cuts) > len(shown) else ""
    note(f"truncated {len(cuts)} of {len(texts)} texts: {', '.join(shown)}{more}")
