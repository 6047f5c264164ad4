"""The bm25s library as a lexical index beside our own, with its own defaults.

Source: https://github.com/xhluca/bm25s
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from embedrank.core.errors import InvalidInputError
from embedrank.core.packages import require_packages
from embedrank.core.types import Document, Scored, joined_text


class Bm25sIndex:
    """A `LexicalIndex` in memory: BM25 as Lucene computes it, English stop words left out, no stemming."""

    def __init__(self, documents: Sequence[Document]) -> None:
        """Index a corpus.

        Args:
            documents: Titles are read with the texts.

        Raises:
            MissingPackageError: If bm25s is not installed.
        """
        require_packages("the lexical rival bm25s", "bm25s", extra="rivals")
        import bm25s

        self._ids = [document.id for document in documents]
        texts = [joined_text(document.title, document.text) for document in documents]
        words = bm25s.tokenize(texts, return_ids=False, show_progress=False)
        self._index = bm25s.BM25() if any(map(any, words)) else None  # it divides by the mean length
        if self._index is not None:
            self._index.index(words, show_progress=False)

    def search_text(self, query: str, *, top: int, where: Mapping[str, object] | None = None) -> list[Scored]:
        """The best documents.

        Args:
            query: The query text.
            top: How many at most.
            where: Not known here.

        Returns:
            Documents that share a word with the query, best first, equal scores by id.

        Raises:
            InvalidInputError: If there is a filter.
        """
        if where:
            raise InvalidInputError("bm25s", "knows no filters")
        import bm25s

        words = bm25s.tokenize([query], return_ids=False, show_progress=False)
        if self._index is None or not any(words[0]):
            return []
        scores = self._index.get_scores(words[0])
        found = [(float(score), name) for score, name in zip(scores, self._ids, strict=True) if score > 0]
        found.sort(key=lambda row: (-row[0], row[1]))
        return [Scored(id=name, score=score) for score, name in found[:top]]
