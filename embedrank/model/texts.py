"""Refusing what is no list of texts before it reaches a tokenizer."""

from __future__ import annotations

from collections.abc import Sequence

from embedrank.core.errors import InvalidInputError


def checked_texts(texts: Sequence[str], what: str) -> Sequence[str]:
    """Check a list of texts.

    Args:
        texts: What the caller handed in.
        what: Its name in errors.

    Returns:
        The same list.

    Raises:
        InvalidInputError: If it is a single string, holds something else than strings, or text that is not Unicode.
    """
    if isinstance(texts, (str, bytes)):
        raise InvalidInputError(what, "is a single text", hint="hand in a list of texts")
    for index, text in enumerate(texts):
        if not isinstance(text, str):
            raise InvalidInputError(f"{what}[{index}]", f"is {type(text).__name__}, not a string")
        if not text.isascii():
            _check_unicode(text, f"{what}[{index}]")
    return texts


def checked_pair(query: str, documents: Sequence[str]) -> Sequence[str]:
    """Check a query and the documents to be judged against it.

    Args:
        query: What the caller handed in as query.
        documents: And as documents.

    Returns:
        The documents.

    Raises:
        InvalidInputError: If the query is blank or no text, or documents are no list of texts.
    """
    texts = checked_texts(documents, "documents")
    if not isinstance(query, str) or not query.strip():
        raise InvalidInputError("query", "is empty")
    checked_texts([query], "query")
    return texts


def _check_unicode(text: str, what: str) -> None:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise InvalidInputError(what, f"holds half a character (lone surrogate) at {error.start}") from error
