"""How rare each token is in the texts of the rows."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from embedrank.model.tokenizer import TextTokenizer
from embedrank.training.rows import TrainingRow

MOST_TEXTS = 1000  # per source
MOST_CHARACTERS = 1500


def rarity(tokenizer: TextTokenizer, rows: Mapping[str, Sequence[TrainingRow]], *, vocab_size: int) -> Tensor:
    """Inverse document frequency, scaled.

    Args:
        tokenizer: The model's tokenizer.
        rows: Rows by source; their positives are the texts.
        vocab_size: Number of tokens.

    Returns:
        `[V]`, 0 for a token of every text to 1 for one of none.
    """
    rng = random.Random(0)
    texts = [
        row.positives[0][:MOST_CHARACTERS]
        for of_source in rows.values()
        for row in rng.sample(list(of_source), min(MOST_TEXTS, len(of_source)))
    ]
    seen = torch.zeros(vocab_size)
    for ids in tokenizer.encode(texts):
        seen[list(set(ids))] += 1
    return ((len(texts) + 1) / (seen + 1)).log() / math.log(len(texts) + 1)
