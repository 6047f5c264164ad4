"""How many tokens texts have before anything is cut, for libraries that cut without saying so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def token_counts(tokenizer: Any, texts: Sequence[str], pairs: Sequence[str] | None = None) -> list[int] | None:
    """Count the tokens of texts.

    Args:
        tokenizer: Of transformers; others are not asked.
        texts: The texts as the model gets them.
        pairs: Second texts, read together with the first.

    Returns:
        Tokens of each text (or pair), special ones included; None where the tokenizer is of another kind.
    """
    if not hasattr(tokenizer, "convert_ids_to_tokens"):
        return None
    second = None if pairs is None else list(pairs)
    rows = tokenizer(list(texts), second, truncation=False, padding=False, verbose=False)["input_ids"]
    return [len(row) for row in rows]
