"""From token ids to texts, or a refusal: never a guess.

Clients of OpenAI's API often send ids of `cl100k_base`, which other vocabularies read as other words without noticing.
Ids are taken for those of a vocabulary if all of them are in it and its own text gives the same ids again. That alone
proves little: of the queries of the bundled corpus in one vocabulary, about every third passes that test in the other
(LOG.md). So one reading has to pass and the other has to fail; where that cannot be said, the client has to say it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

from embedrank.core.errors import InvalidInputError, TokenIdError
from embedrank.model.tokenizer import TextTokenizer

CL100K: Final = "cl100k_base"
CL100K_SIZE: Final = 100_277
"""Ids of `cl100k_base` are below it."""
_REMEDY: Final = (
    "send text, in LangChain by check_embedding_ctx_length=False, or say token_vocabulary: model or cl100k_base"
)


class Vocabulary(Protocol):
    """Reads and writes token ids."""

    @property
    def size(self) -> int:
        """All ids are below it."""
        ...

    def read(self, ids: Sequence[int]) -> str | None:
        """The text; None if it does not give the same ids again."""
        ...

    def read_loosely(self, ids: Sequence[int]) -> str:
        """The text, whatever becomes of it."""
        ...


class OwnVocabulary:
    """A model's."""

    def __init__(self, tokenizer: TextTokenizer) -> None:
        """Read with a tokenizer.

        Args:
            tokenizer: The model's.
        """
        self._tokenizer = tokenizer
        self.size = tokenizer.size

    def read(self, ids: Sequence[int]) -> str | None:
        """The text without an end token; None if it does not give the same ids again."""
        kept = self._unended(ids)
        text = self._tokenizer.decode(kept, special=True)
        return text if self._tokenizer.encode([text])[0] == kept else None

    def read_loosely(self, ids: Sequence[int]) -> str:
        """The text, special tokens left out."""
        return self._tokenizer.decode(ids)

    def _unended(self, ids: Sequence[int]) -> list[int]:
        return list(ids[:-1] if ids and ids[-1] == self._tokenizer.end_id else ids)


def texts_of(
    lists: Sequence[Sequence[int]], *, own: Vocabulary, foreign: Vocabulary | None, vocabulary: str
) -> list[str]:
    """Read token ids.

    Args:
        lists: Ids, a list for each text.
        own: The model's vocabulary.
        foreign: `cl100k_base`; None where it cannot be had.
        vocabulary: Whose ids they are: `model`, `cl100k_base`, `auto` to find out, or `refuse`.

    Returns:
        A text for each list.

    Raises:
        InvalidInputError: If they are refused.
        TokenIdError: If an id is in no vocabulary that it could be of.
    """
    if vocabulary == "refuse":
        raise InvalidInputError("input", "this server takes no token ids", hint="send text")
    if vocabulary == CL100K:
        if foreign is None:
            raise InvalidInputError("input", f"the vocabulary {CL100K} is not there", hint="send text")
        _check_range(lists, foreign.size)
        return [foreign.read_loosely(ids) for ids in lists]
    if vocabulary == "model":
        _check_range(lists, own.size)
        return [own.read_loosely(ids) for ids in lists]
    return _recognised(lists, own, foreign)


def _recognised(lists: Sequence[Sequence[int]], own: Vocabulary, foreign: Vocabulary | None) -> list[str]:
    largest = max((token for ids in lists for token in ids), default=0)
    _check_range(lists, max(own.size, CL100K_SIZE))
    ours = _readings(lists, own) if largest < own.size else None
    if largest >= CL100K_SIZE and ours is not None:
        return ours
    if foreign is None:
        raise InvalidInputError(
            "input", f"token ids may be of {CL100K}, whose vocabulary is not there to be compared", hint=_REMEDY
        )
    theirs = _readings(lists, foreign) if largest < foreign.size else None
    if ours is not None and theirs is not None:
        raise InvalidInputError("input", f"token ids may be of {CL100K} as well as of the model", hint=_REMEDY)
    known = theirs if ours is None else ours
    if known is None:
        raise InvalidInputError("input", f"token ids are neither the model's nor of {CL100K}", hint=_REMEDY)
    return known


def _readings(lists: Sequence[Sequence[int]], vocabulary: Vocabulary) -> list[str] | None:
    texts = []
    for ids in lists:
        text = vocabulary.read(ids)
        if text is None:
            return None
        texts.append(text)
    return texts


def _check_range(lists: Sequence[Sequence[int]], size: int) -> None:
    for ids in lists:
        for position, token in enumerate(ids):
            if not 0 <= token < size:
                raise TokenIdError(token, position=position, table_size=size)
