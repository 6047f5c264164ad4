"""Texts cut to a number of tokens that a client names, below what the model reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from embedrank.serving.service import Service
from embedrank.serving.settings import Kind

if TYPE_CHECKING:
    from embedrank.model.tokenizer import Piece

_MAX_TOKENS_PER_CHARACTER: Final = 12  # four bytes of UTF-8, which normalisation may make three times as many
_CHARACTERS_PER_TOKEN: Final = (
    32  # more than of nearly all texts: what lies behind is only tokenised where it has to be
)


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
        The texts, and whether each was cut.

    Raises:
        EmbedrankError: If the service refuses.
    """
    capped, cut = list(texts), [False] * len(texts)
    if max_tokens is None:
        return capped, cut
    long = [place for place, text in enumerate(texts) if _most_tokens(text) > max_tokens]
    room = max_tokens * _CHARACTERS_PER_TOKEN
    heads = [texts[place][-room:] if keep_end else texts[place][:room] for place in long]
    counted = await service.tokenize(heads, model=model, kind=kind) if long else []
    for place, head, pieces in zip(long, heads, counted, strict=True):
        text = head
        if len(pieces) <= max_tokens and len(head) < len(texts[place]):  # tokens of many letters, such as blanks
            text = texts[place]
            (pieces,) = await service.tokenize([text], model=model, kind=kind)
        if len(pieces) > max_tokens:
            capped[place] = _end(text, pieces, max_tokens) if keep_end else _beginning(text, pieces, max_tokens)
            cut[place] = True
    return capped, cut


def _most_tokens(text: str) -> int:
    return len(text) * (1 if text.isascii() else _MAX_TOKENS_PER_CHARACTER)


def _beginning(text: str, pieces: Sequence[Piece], max_tokens: int) -> str:
    last, beyond = pieces[max_tokens - 1], pieces[max_tokens]
    return text[: min(last.stop, beyond.start)]  # a character of several tokens is never taken apart


def _end(text: str, pieces: Sequence[Piece], max_tokens: int) -> str:
    beyond, first = pieces[-max_tokens - 1], pieces[-max_tokens]
    return text[max(beyond.stop, first.start) :]
