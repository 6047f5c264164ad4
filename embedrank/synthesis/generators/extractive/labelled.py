"""Texts of a class: the labelled passage itself, or sentences of it."""

from __future__ import annotations

from typing import Any

from embedrank.synthesis.draft import Draft
from embedrank.synthesis.excerpt import excerpt_of
from embedrank.synthesis.generators.extractive.material import CannotError, Material


def write_labelled(material: Material) -> dict[str, Any]:
    """A text of the passage's class.

    Args:
        material: The request.

    Returns:
        The passage, or neighbouring sentences of the wished length.

    Raises:
        CannotError: If the passage has no label, or nothing in it has the wished length.
    """
    passage = material.passage
    if passage.label is None:
        raise CannotError("no label", "classes are not invented without a language model")
    if material.fits(passage.text):
        return {"text": passage.text.strip()}
    excerpt = excerpt_of(Draft(key=material.key, passage=passage, wish=material.wish))
    if excerpt is None:
        raise CannotError("no excerpt", "no neighbouring sentences of the passage have the wished length")
    return {"text": excerpt}
