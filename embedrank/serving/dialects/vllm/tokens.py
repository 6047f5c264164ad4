"""Tokens as vLLM's clients ask for them."""

from __future__ import annotations

from embedrank.serving.dialects.vllm.schemas import TokenizeAnswer, TokenizeBody
from embedrank.serving.service import Service


async def tokenize(body: TokenizeBody, service: Service) -> TokenizeAnswer:
    """Tokenise one text.

    Args:
        body: What the client sent.
        service: Tokenises.

    Returns:
        The answer.

    Raises:
        EmbedrankError: If the service refuses.
    """
    pieces = (await service.tokenize([body.prompt], model=body.model, ended=body.add_special_tokens))[0]
    return TokenizeAnswer(
        count=len(pieces),
        max_model_len=service.model(body.model).max_length or 0,
        tokens=[piece.id for piece in pieces],
        token_strs=[piece.text for piece in pieces] if body.return_token_strs else None,
    )
