"""Texts are cut at the token that the client names."""

import asyncio

import pytest

from embedrank.model.tokenizer import Piece
from embedrank.serving.capping import cap

TEXTS = ["hello no yes world", "no", "", "梵文梵文", "no" * 3000, "hello" * 30]


class Counts:
    """A service whose tokens are runs of a hundred letters."""

    async def tokenize(self, texts, *, model, kind):
        def pieces(text):
            starts = range(0, len(text), 100)
            return [
                Piece(id=0, text="", special=False, start=start, stop=min(start + 100, len(text))) for start in starts
            ]

        return [pieces(text) for text in texts]


@pytest.mark.parametrize("keep_end", [False, True])
def test_tokens_of_many_letters_are_counted_to_the_last(keep_end):
    texts = [" " * 1000, " " * 200]
    capped, cut = asyncio.run(cap(Counts(), texts, max_tokens=5, kind="embedder", model=None, keep_end=keep_end))
    assert [len(text) for text in capped] == [500, 200]
    assert cut == [True, False]


@pytest.mark.parametrize("keep_end", [False, True])
@pytest.mark.parametrize("max_tokens", [1, 2, 5])
def test_no_more_tokens_than_allowed_and_as_many_as_possible(call, max_tokens, keep_end):
    async def ask():
        async with call() as client:
            service = client.app.state.service
            capped, cut = await cap(
                service, TEXTS, max_tokens=max_tokens, kind="embedder", model=None, keep_end=keep_end
            )
            counts = [len(pieces) for pieces in await service.tokenize(capped, model=None)]
            before = [len(pieces) for pieces in await service.tokenize(TEXTS, model=None)]
            return capped, cut, counts, before

    capped, cut, counts, before = asyncio.run(ask())
    for text, kept, was_cut, count, whole in zip(TEXTS, capped, cut, counts, before, strict=True):
        assert text.endswith(kept) if keep_end else text.startswith(kept)
        assert was_cut == (kept != text) == (whole > max_tokens)
        # A letter may be several tokens, and is never taken apart.
        assert count == whole if not was_cut else max_tokens - 2 <= count <= max_tokens
