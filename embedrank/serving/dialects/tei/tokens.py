"""Tokens as TEI's clients ask for them."""

from __future__ import annotations

from typing import cast

from embedrank.core.errors import InvalidInputError
from embedrank.serving.dialects.tei.schemas import DecodeBody, Token, TokenizeBody
from embedrank.serving.service import Service


async def tokenize(body: TokenizeBody, service: Service) -> list[list[Token]]:
    """Tokenise texts.

    Args:
        body: What the client sent.
        service: Tokenises.

    Returns:
        The tokens of each.

    Raises:
        InvalidInputError: If the body asks for what there is none of.
        EmbedrankError: If the service refuses.
    """
    if body.prompt_name is not None:
        raise InvalidInputError("prompt_name", "is not to be had here", hint="put the prompt before the text")
    texts = [body.inputs] if isinstance(body.inputs, str) else body.inputs
    tokenised = await service.tokenize(texts, model=body.model, ended=body.add_special_tokens)
    return [
        [
            Token(
                id=piece.id,
                text=piece.text,
                special=piece.special,
                # A special token stands for no characters of the text.
                start=None if piece.start == piece.stop else piece.start,
                stop=None if piece.start == piece.stop else piece.stop,
            )
            for piece in pieces
        ]
        for pieces in tokenised
    ]


async def decode(body: DecodeBody, service: Service) -> list[str]:
    """The texts that token ids stand for.

    Args:
        body: What the client sent.
        service: Decodes.

    Returns:
        The texts.

    Raises:
        InvalidInputError: If the body asks for what there is none of.
        EmbedrankError: If the service refuses.
    """
    if not body.skip_special_tokens:
        raise InvalidInputError("skip_special_tokens", "false is not to be had", hint="leave it out")
    batches = body.ids if body.ids and isinstance(body.ids[0], list) else [body.ids]
    return await service.texts_of(cast("list[list[int]]", batches), model=body.model, vocabulary="model")
