"""Rows to whole reranker prompts, spelled by `core.prompts` as in serving."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from embedrank.core.prompts import RerankTemplate, rerank_template
from embedrank.model.tokenizer import TextTokenizer
from embedrank.training.rows import TrainingRow
from embedrank.training.text_counts import TextCounts, summed
from embedrank.training.tokenized import share_of


@dataclass(frozen=True, slots=True, kw_only=True)
class RerankerBatch:
    """Pairs of a batch, row by row, each row's positive first.

    Attributes:
        pairs: Query, document and instruction.
        prompts: Their token ids.
        targets: What is right for each pair, 0 to 1.
        num_documents: Pairs of each row.
        texts: Texts read and cut, by source.
    """

    pairs: list[tuple[str, str, str | None]]
    prompts: list[list[int]]
    targets: list[float]
    num_documents: list[int]
    texts: Mapping[str, TextCounts]


@dataclass(frozen=True, slots=True, kw_only=True)
class RerankerReading:
    """How rows become prompts.

    Attributes:
        tokenizer: The model's tokenizer.
        template: Name of the prompt.
        max_length: Most tokens of a prompt; only the document's tail is cut.
        num_negatives: Most hard negatives taken per row.
        instructed: Share of batches whose prompts carry the rows' instruction; which ones is decided by their text.
        graded: Whether a row's score is what is right for its positive.
    """

    tokenizer: TextTokenizer
    template: str
    max_length: int
    num_negatives: int
    instructed: float
    graded: bool

    def __call__(self, rows: Sequence[TrainingRow]) -> RerankerBatch:
        """Prompts of the rows of one batch."""
        told = share_of(rows[0].query) < self.instructed
        documents = [[row.positives[0], *row.negatives[: self.num_negatives]] for row in rows]
        pairs = [
            (row.query, text, row.instruction if told else None)
            for row, texts in zip(rows, documents, strict=True)
            for text in texts
        ]
        read = rerank_prompts(pairs, self.tokenizer, rerank_template(self.template), max_length=self.max_length)
        targets: list[float] = []
        for row, texts in zip(rows, documents, strict=True):
            right = row.score if row.score is not None and self.graded else 1.0
            targets += [right, *[0.0] * (len(texts) - 1)]
        num_documents = [len(texts) for texts in documents]
        return RerankerBatch(
            pairs=pairs,
            prompts=read.prompts,
            targets=targets,
            num_documents=num_documents,
            texts=_counted(rows, num_documents, set(read.cut)),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RerankPrompts:
    """Token ids of whole prompts, and the places of those whose document was cut."""

    prompts: list[list[int]]
    cut: list[int]


def rerank_prompts(
    pairs: Sequence[tuple[str, str, str | None]], tokenizer: TextTokenizer, template: RerankTemplate, *, max_length: int
) -> RerankPrompts:
    """Whole reranker prompts, and which of them were too long.

    Args:
        pairs: Query, document and instruction (None for the template's own).
        tokenizer: The model's tokenizer.
        template: The prompt.
        max_length: Most tokens of a prompt; only the document's tail is cut.

    Returns:
        The prompts.
    """
    prefix, suffix = tokenizer.encode([template.prefix, template.suffix])
    room = max_length - len(prefix) - len(suffix)
    middles = tokenizer.encode([template.middle(query, document, task) for query, document, task in pairs])
    return RerankPrompts(
        prompts=[[*prefix, *middle[:room], *suffix] for middle in middles],
        cut=[place for place, middle in enumerate(middles) if len(middle) > room],
    )


def _counted(rows: Sequence[TrainingRow], num_documents: Sequence[int], cut: set[int]) -> dict[str, TextCounts]:
    found, start = [], 0
    for row, count in zip(rows, num_documents, strict=True):
        num_cut = sum(place in cut for place in range(start, start + count))
        found.append({row.source: TextCounts(num_queries=1, num_documents=count, cut_documents=num_cut)})
        start += count
    return summed(found)
