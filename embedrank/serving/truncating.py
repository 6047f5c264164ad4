"""What becomes of texts that are longer than the model reads.

`right` leaves it to the model, which cuts the end and reports it. `error` and `left` look first: at the texts that
could be too long, by the model's own tokenizer, off the event loop.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final, TypeAlias

from embedrank.core.errors import InvalidInputError
from embedrank.serving.settings import TRUNCATE, Truncate

if TYPE_CHECKING:
    from embedrank.model.embedder import Embedder
    from embedrank.model.reranker import Reranker
    from embedrank.model.tokenizer import TextTokenizer

Excess: TypeAlias = Callable[[str], tuple[int, int]]
"""For a text: tokens of all that the model would have to read, and how many of them are too many."""
_MAX_TOKENS_PER_CHARACTER: Final = 12  # four bytes of UTF-8, which normalisation may make three times as many
_CHARACTERS_PER_TOKEN: Final = 32  # more than of nearly all texts: what is further from the end need not be looked at


def checked_truncate(policy: str) -> Truncate:
    """The policy, if it is one.

    Args:
        policy: What a client said.

    Returns:
        `error`, `left` or `right`.

    Raises:
        InvalidInputError: If it is none of these.
    """
    for known in TRUNCATE:
        if policy == known:
            return known  # type: ignore[return-value]
    raise InvalidInputError("truncate", f"{policy!r} is none of {', '.join(TRUNCATE)}")


def fit_texts(
    model: Embedder, texts: Sequence[str], *, side: str, instruction: str | None, truncate: Truncate
) -> tuple[list[str], list[bool]]:
    """Refuse or cut the texts of an embedder that are too long.

    Args:
        model: The embedder.
        texts: What is to be embedded.
        side: `query` or `document`.
        instruction: The task of queries.
        truncate: `error` or `left`.

    Returns:
        Texts that fit, and whether each was cut.

    Raises:
        InvalidInputError: If one is too long and the policy is `error`, or the instruction alone is.
    """

    def prompted(text: str) -> str:
        return model.prompts.query(text, instruction) if side == "query" else model.prompts.document(text)

    def excess(text: str) -> tuple[int, int]:
        ids, uncut = model.tokenize([prompted(text)])[0]
        return uncut, uncut - len(ids)

    frame = len(prompted(""))
    return _fit(texts, excess, model, frame=frame, what="input", truncate=truncate)


def fit_documents(
    model: Reranker, query: str, documents: Sequence[str], *, instruction: str | None, truncate: Truncate
) -> tuple[list[str], list[bool]]:
    """Refuse or cut the documents of a reranker whose prompts are too long; arguments and answer as `fit_texts`."""

    def excess(text: str) -> tuple[int, int]:
        prompts = model.tokenize(query, [text], instruction=instruction)
        cut = prompts.truncations[0] if prompts.truncations else None
        return (cut.num_tokens, cut.num_tokens - cut.kept_tokens) if cut else (0, 0)

    frame = len(model.template.prompt(query, "", instruction))
    return _fit(documents, excess, model, frame=frame, what="documents", truncate=truncate)


def _fit(
    texts: Sequence[str],
    excess: Excess,
    model: Embedder | Reranker,
    *,
    frame: int,
    what: str,
    truncate: Truncate,
) -> tuple[list[str], list[bool]]:
    fitting = list(texts)
    for place, text in enumerate(texts):
        if (len(text) + frame) * _MAX_TOKENS_PER_CHARACTER < model.max_length:
            continue
        num_tokens, too_many = excess(text)
        if not too_many:
            continue
        if truncate == "error":
            raise InvalidInputError(
                f"{what}[{place}]",
                f"takes {num_tokens} tokens and the model reads {model.max_length}",
                hint="shorten it, or say truncate: right",
            )
        fitting[place] = keep_end(
            text, excess, tokenizer=model.tokenizer, plain=model.plain_text, max_length=model.max_length
        )
    return fitting, [kept is not text for kept, text in zip(fitting, texts, strict=True)]


def keep_end(text: str, excess: Excess, *, tokenizer: TextTokenizer, plain: bool, max_length: int) -> str:
    """Cut a text at its beginning until it fits.

    Args:
        text: One that is too long.
        excess: Tells how much too long.
        tokenizer: The model's.
        plain: Whether the model reads special tokens as plain text.
        max_length: Most tokens that it reads.

    Returns:
        The end of the text: the most that fits, to a token; of one whose tokens are longer than any language's, less.

    Raises:
        InvalidInputError: If not even an empty text fits.
    """
    text = text[-max_length * _CHARACTERS_PER_TOKEN :]
    while too_many := excess(text)[1]:
        pieces = tokenizer.pieces(text, plain=plain)
        if not pieces:
            raise InvalidInputError("instruction", "leaves no room for a text", hint="shorten it")
        # A character may be several tokens, so a text has to lose one at least in every turn.
        text = text[max(1, pieces[min(too_many, len(pieces)) - 1].stop) :]
    return text
