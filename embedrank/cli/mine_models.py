"""Models of `embedrank mine`, which count the texts that were too long for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from embedrank.cli.model_protocols import NamedEncoder, TellingReranker
    from embedrank.core.types import Encoded, FloatArray


class CountingEncoder:
    """An encoder that remembers how many texts it read and cut.

    Attributes:
        num_texts: Texts read.
        num_truncated: Of them longer than it reads.
    """

    def __init__(self, encoder: NamedEncoder) -> None:
        """Begin to count.

        Args:
            encoder: Does the work.
        """
        self._encoder = encoder
        self.fingerprint, self.dim = encoder.fingerprint, encoder.dim
        self.num_texts = self.num_truncated = 0

    def encode_queries(
        self, texts: Sequence[str], *, instruction: str | None = None, dim: int | None = None
    ) -> FloatArray:
        """Float32 `[n, dim]`, unit rows."""
        return self._counted(self._encoder.encode_queries_reported(texts, instruction=instruction, dim=dim))

    def encode_documents(self, texts: Sequence[str], *, dim: int | None = None) -> FloatArray:
        """Float32 `[n, dim]`, unit rows."""
        return self._counted(self._encoder.encode_documents_reported(texts, dim=dim))

    def _counted(self, encoded: Encoded) -> FloatArray:
        self.num_texts += len(encoded.num_tokens)
        self.num_truncated += len(encoded.truncations)
        return encoded.vectors


class CountingReranker:
    """A reranker that remembers how many documents it read and cut.

    Attributes:
        num_texts: Documents read.
        num_truncated: Of them longer than it reads.
    """

    def __init__(self, reranker: TellingReranker) -> None:
        """Begin to count.

        Args:
            reranker: Does the work.
        """
        self._reranker = reranker
        self.num_texts = self.num_truncated = 0

    def score(self, query: str, documents: Sequence[str], *, instruction: str | None = None) -> FloatArray:
        """Float32 `[n]` in 0..1."""
        from embedrank.engine.reranking import probabilities

        return probabilities(self.logits(query, documents, instruction=instruction))

    def logits(self, query: str, documents: Sequence[str], *, instruction: str | None = None) -> FloatArray:
        """Float32 `[n]`: yes minus no."""
        judged = self._reranker.judge(query, documents, instruction=instruction)
        self.num_texts += len(judged.logits)
        self.num_truncated += len(judged.truncations)
        return judged.logits
