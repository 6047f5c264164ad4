"""The texts on which an export is compared with the model it was made from; they are in `check_texts.json`.

Among them are two short queries on which exports of Qwen3 elsewhere return NaN beside longer texts, a text without a
character, one long text, several languages and code.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

import numpy as np
import torch

from embedrank.core.prompts import rerank_template
from embedrank.core.types import FloatArray
from embedrank.model.embedder import Embedder
from embedrank.model.rerank_prompts import rerank_prompts
from embedrank.model.reranker import Reranker
from embedrank.model.tokenizer import TextTokenizer

LONG_TOKENS = 700  # several times the window of older encoders, and quick on a CPU
_SHARE_OF_LIMIT = 0.6  # the long text leaves room for prompts in models that read little


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One query and the documents that a reranker judges by it."""

    query: str
    documents: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """What is run through both models.

    Attributes:
        texts: For embedders, read as documents and again as queries; the last one is long.
        questions: For rerankers; the last document of the first one is long.
    """

    texts: tuple[str, ...]
    questions: tuple[Question, ...]

    @classmethod
    def fitting(cls, tokenizer: TextTokenizer, max_length: int) -> Probe:
        """The texts, the long one cut to what a model reads.

        Args:
            tokenizer: The model's tokenizer.
            max_length: Most tokens the model reads.

        Returns:
            The probe.
        """
        raw = _raw()
        long = _cut(raw["paragraph"] * 40, tokenizer, min(LONG_TOKENS, int(max_length * _SHARE_OF_LIMIT)))
        questions = [Question(query=each["query"], documents=tuple(each["documents"])) for each in raw["questions"]]
        questions[0] = Question(query=questions[0].query, documents=(*questions[0].documents, long))
        return cls(texts=(*raw["texts"], long), questions=tuple(questions))

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Query and document of every judgement, in order."""
        return [(question.query, document) for question in self.questions for document in question.documents]

    def prompts(self) -> list[str]:
        """The pairs as whole prompts."""
        return [rerank_template().prompt(query, document) for query, document in self.pairs]

    def prompt_ids(self, tokenizer: TextTokenizer, max_length: int) -> list[list[int]]:
        """The pairs as token ids of whole prompts."""
        ids: list[list[int]] = []
        for question in self.questions:
            prompts = rerank_prompts(
                question.query,
                question.documents,
                instruction=None,
                template=rerank_template(),
                tokenizer=tokenizer,
                max_length=max_length,
                plain=False,
            )
            ids.extend([*prompts.shared, *tail] for tail in prompts.tails)
        return ids

    def vectors(self, embedder: Embedder) -> FloatArray:
        """Vectors `[2n, dim]` of the texts: as documents, then as queries."""
        return np.concatenate((embedder.encode_documents(self.texts), embedder.encode_queries(self.texts)))

    def probabilities(self, reranker: Reranker) -> FloatArray:
        """Probabilities `[p]` of the pairs."""
        return np.concatenate([reranker.score(each.query, each.documents) for each in self.questions])


def probabilities(logits: Sequence[float] | FloatArray) -> FloatArray:
    """Sigmoid of logits, as float32."""
    return torch.as_tensor(np.asarray(logits, dtype=np.float32)).sigmoid().numpy()


def _cut(text: str, tokenizer: TextTokenizer, num_tokens: int) -> str:
    words = text.split(" ")
    while len(tokenizer.encode([" ".join(words)])[0]) > num_tokens:
        words = words[: max(1, len(words) * 9 // 10)]
    return " ".join(words)


def _raw() -> dict[str, Any]:
    content: dict[str, Any] = json.loads(
        resources.files("embedrank.model.export").joinpath("check_texts.json").read_text(encoding="utf-8")
    )
    return content
