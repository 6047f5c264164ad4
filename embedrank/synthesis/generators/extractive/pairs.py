"""Second sentences at a distance that can be told without a model, and no others."""

from __future__ import annotations

from typing import Any, Final

from embedrank.synthesis.generators.extractive.material import CannotError, Material
from embedrank.synthesis.sentences import clause_spans, sentence_spans, stripped_end
from embedrank.synthesis.spread import hashed
from embedrank.synthesis.words import num_words

SAME: Final = 1.0
ROUGHLY: Final = 0.6
SAME_TOPIC: Final = 0.2
_PART: Final = (0.4, 0.8)


def write_second(material: Material) -> dict[str, Any]:
    """The second sentence of a pair.

    A score of 1 is a translation in the data; 0.6, roughly the same with something important missing, the sentence less
    some of its clauses; 0.2, another meaning on the same topic, another sentence of the passage.

    Args:
        material: The request, with the first sentence.

    Returns:
        The sentence.

    Raises:
        CannotError: If the passage has no such sentence, or the score needs a language model.
    """
    score, first = material.wish.score, str(material.told["excerpt"])
    makers = {SAME: _translation, ROUGHLY: _part, SAME_TOPIC: _other}
    if score not in makers:
        raise CannotError("needs a language model", f"a pair of similarity {score}")
    return {"text": makers[score](material, first)}


def _translation(material: Material, first: str) -> str:
    texts = material.passage.translations
    if material.passage.text.strip() != first.strip() or not texts:
        raise CannotError("no translation", "of the sentence alone")
    return texts[sorted(texts)[hashed(material.key) % len(texts)]].strip()


def _part(material: Material, first: str) -> str:
    clauses = clause_spans(first, (0, len(first)))
    whole = num_words(first)
    ends = [clauses[last][1] for last in range(len(clauses) - 1)]
    shares = {end: num_words(first[:end]) / whole for end in ends}
    fitting = [end for end, share in shares.items() if _PART[0] <= share <= _PART[1]]
    if not fitting:
        raise CannotError("no clause to leave out")
    return stripped_end(first[: fitting[hashed(material.key) % len(fitting)]])


def _other(material: Material, first: str) -> str:
    text = material.passage.text
    length = num_words(first)
    others = [text[start:end] for start, end in sentence_spans(text) if text[start:end] not in first]
    alike = [other for other in others if length / 2 <= num_words(other) <= length * 2]
    if not alike:
        raise CannotError("no other sentence", "of about the same length")
    return alike[hashed(material.key) % len(alike)]
