"""Texts cut to a number of tokens that a client names, below what the model reads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from embedrank.serving.service import MAX_TOLD, Service
from embedrank.serving.settings import Kind

if TYPE_CHECKING:
    from embedrank.model.tokenizer import Piece

_MAX_TOKENS_PER_CHARACTER: Final = 12  # four bytes of UTF-8, which normalisation may make three times as many
_CHARACTERS_PER_TOKEN: Final = 32  # more than of nearly all texts: what lies behind need not be looked at


async def cap(
    service: Service,
    texts: Sequence[str],
    *,
    max_tokens: int | None,
    kind: Kind,
    model: str | None,
    keep_end: bool = False,
) -> tuple[list[str], list[bool]]:
    """Cut texts that have more tokens than they may.

    Args:
        service: Tokenises.
        texts: The texts.
        max_tokens: Most tokens of each; None for any number.
        kind: Whose tokens are counted: an embedder's or a reranker's.
        model: Name of that model; None for the first.
        keep_end: Whether the beginning is cut off, and not the end.

    Returns:
        The texts, and whether each was cut; one whose tokens are longer than any language's is cut to fewer.

    Raises:
        EmbedrankError: If the service refuses.
    """
    capped, cut = list(texts), [False] * len(texts)
    if max_tokens is None:
        return capped, cut
    long = [place for place, text in enumerate(texts) if _most_tokens(text) > max_tokens]
    room = min(max_tokens * _CHARACTERS_PER_TOKEN, MAX_TOLD)
    heads = [texts[place][-room:] if keep_end else texts[place][:room] for place in long]
    counted = [
        pieces for window in _windows(heads) for pieces in await service.tokenize(window, model=model, kind=kind)
    ]
    for place, head, pieces in zip(long, heads, counted, strict=True):
        if len(pieces) > max_tokens:
            capped[place] = _end(head, pieces, max_tokens) if keep_end else _beginning(head, pieces, max_tokens)
        elif len(head) < len(texts[place]):
            capped[place] = head
        cut[place] = len(capped[place]) < len(texts[place])
    return capped, cut


def _windows(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    """Texts in parts that the service tells the tokens of in one call."""
    start = held = 0
    for place, text in enumerate(texts):
        if held + len(text) > MAX_TOLD:
            yield texts[start:place]
            start, held = place, 0
        held += len(text)
    if texts:
        yield texts[start:]


def _most_tokens(text: str) -> int:
    return len(text) * (1 if text.isascii() else _MAX_TOKENS_PER_CHARACTER)


def _beginning(text: str, pieces: Sequence[Piece], max_tokens: int) -> str:
    last, beyond = pieces[max_tokens - 1], pieces[max_tokens]
    return text[: min(last.stop, beyond.start)]  # a character of several tokens is never taken apart


def _end(text: str, pieces: Sequence[Piece], max_tokens: int) -> str:
    beyond, first = pieces[-max_tokens - 1], pieces[-max_tokens]
    return text[max(beyond.stop, first.start) :]
