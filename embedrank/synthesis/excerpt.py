"""The part of a passage that a bitext or STS row is about: neighbouring sentences with the wished number of words."""

from __future__ import annotations

from typing import Final

from embedrank.synthesis.draft import Draft, Rejected
from embedrank.synthesis.sentences import sentence_spans
from embedrank.synthesis.spread import hashed
from embedrank.synthesis.words import num_words

NO_EXCERPT: Final = Rejected(
    stage="plan", reason="no excerpt", detail="no neighbouring sentences of the passage have the wished length"
)


def excerpt_of(draft: Draft) -> str | None:
    """A run of sentences of the passage.

    Args:
        draft: With a passage and a wished length; its key decides which of several runs is taken.

    Returns:
        The run, to the letter; a single sentence where one fits. None where nothing fits.
    """
    text = draft.passage.text
    low, high = draft.wish.length or (1, 1 << 30)
    spans = sentence_spans(text)
    lengths = [num_words(text[start:end]) for start, end in spans]
    fitting = [span for span, length in zip(spans, lengths, strict=True) if low <= length <= high]
    if not fitting:
        fitting = _runs(spans, lengths, low, high)
    if not fitting:
        return None
    start, end = fitting[hashed(draft.key, "excerpt") % len(fitting)]
    return text[start:end]


def _runs(spans: list[tuple[int, int]], lengths: list[int], low: int, high: int) -> list[tuple[int, int]]:
    """From each sentence on the shortest run that is long enough, if it is not too long."""
    found = []
    for first, (start, _) in enumerate(spans):
        total = 0
        for last in range(first, len(spans)):
            total += lengths[last]
            if total >= low:
                if total <= high:
                    found.append((start, spans[last][1]))
                break
    return found
