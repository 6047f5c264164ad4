"""The long way to a rerank score: `transformers`, whole prompts, logits over the whole vocabulary."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch

from embedrank.core.prompts import rerank_template
from embedrank.core.types import FloatArray


def full_vocabulary_logits(folder: Path, query: str, documents: Sequence[str]) -> FloatArray:
    """Yes logit minus no logit of each document, in float32."""
    transformers = pytest.importorskip("transformers")
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    yes, no = tokenizer.convert_tokens_to_ids(["yes", "no"])
    template = rerank_template()
    found = []
    for document in documents:
        parts = (template.prefix, template.middle(query, document), template.suffix)
        ids = [token for part in parts for token in tokenizer(part, add_special_tokens=False).input_ids]
        with torch.no_grad():
            logits = model(torch.tensor([ids])).logits[0, -1]
        found.append(float(logits[yes] - logits[no]))
    return np.array(found)
